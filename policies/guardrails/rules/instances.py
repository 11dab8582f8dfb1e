"""Rules about instances, launch templates and volumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.launching import inherits_from_template
from guardrails.architecture.nodes import Nodes
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.property_rules import AtMost, must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, show

_STARTED = (*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE)
"""What describes an instance."""

IMDSV2 = property_rule(
    must_be(
        "metadataOptions.httpTokens",
        "required",
        '"{name}" answers metadata requests without a session token (IMDSv1)',
        inherits=inherits_from_template,
    ),
    _STARTED,
    id="ec2-imdsv2",
    title="Instances answer metadata requests only with a session token (IMDSv2)",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("EC2_IMDSV2_CHECK", "EC2_LAUNCH_TEMPLATE_IMDSV2_CHECK"),
        "Security Hub": ("EC2.8", "EC2.170"),
        "Control Tower": ("CT.EC2.PR.1",),
        "Checkov": ("CKV_AWS_79",),
        "Prowler": ("ec2_instance_imdsv2_enabled", "ec2_launch_template_imdsv2_required"),
        "Well-Architected": ("SEC06-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/ec2-imdsv2-check.html",
    remedy=(
        'set metadata_options.http_tokens to "required", and http_put_response_hop_limit to 1 beside it.'
    ),
    steps=('Set metadata_options with http_tokens="required" and http_put_response_hop_limit=1.',),
)

_LONGEST = "maximumHopLimit"
_HOPS_TO_PODS = 2
"""What EKS sets: the answer reaches a pod by the node (EKS best practices guide, "Identity")."""

_HOPS = must_be(
    "metadataOptions.httpPutResponseHopLimit",
    AtMost(_LONGEST),
    '"{name}" lets metadata tokens leave the instance',
    inherits=inherits_from_template,
    # Without any options there need not be a token: ec2-imdsv2 reports that.
    applies=lambda one: not one.left_out("metadataOptions"),
)


def _hop_limit(stack: Stack, settings: Settings) -> Iterator[Violation]:
    of_nodes = stack.derived(Nodes).templates
    to_pods = {_LONGEST: max(_HOPS_TO_PODS, settings.integer(_LONGEST))}
    for resource in stack.of(_STARTED):
        yield from _HOPS(resource, Settings(to_pods, {}) if resource in of_nodes else settings)


HOP_LIMIT = StackRule(
    id="ec2-metadata-hop-limit",
    title="Metadata tokens do not leave the instance",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    controls={
        "AWS Config": ("EC2_TOKEN_HOP_LIMIT_CHECK",),
        "Control Tower": ("CT.EC2.PR.2",),
        "Checkov": ("CKV_AWS_341",),
        "Well-Architected": ("SEC06-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/ec2-token-hop-limit-check.html",
    remedy=(
        "set metadata_options.http_put_response_hop_limit to 1; where containers need the metadata, "
        "set the parameter maximumHopLimit of this rule to 2."
    ),
    steps=(
        "Set metadata_options.http_put_response_hop_limit=1; images may default to 2.",
        "Containers in a network of their own are one hop further: allow 2 by maximumHopLimit.",
    ),
    unknown=(
        "An unknown number is a violation: this is a plain setting, not an id. Of launch templates of "
        "node groups only (EKS), 2 is allowed: pods are one hop further."
    ),
    parameters={
        _LONGEST: {
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 1,
            "description": "Network hops that a metadata response may travel.",
        }
    },
    check=_hop_limit,
)


_ROOT_DEVICES = ("/dev/xvda", "/dev/sda1", "/dev/sda", "xvda", "sda1")
"""Names of root devices: of Amazon Linux, Ubuntu, Debian, Red Hat, SUSE and Windows images."""


@dataclass(frozen=True)
class _Volume:
    """A volume that an instance has, with its `encrypted` value.

    Attributes:
        listed: Devices that are listed instead of the root device.
    """

    name: str
    encrypted: Any
    listed: tuple[str, ...] = ()


def _volumes(resource: Resource) -> Iterator[_Volume]:
    if resource.type in tokens.VOLUME:
        yield _Volume("the volume", resource.get("encrypted"))
    elif resource.type in tokens.LAUNCH_TEMPLATE:
        yield from _mapped(resource.get("blockDeviceMappings"))
    else:
        yield _Volume("the root volume", resource.get("rootBlockDevice", "encrypted"))
        for index, device in enumerate(items(resource.get("ebsBlockDevices"))):
            yield _Volume(f"EBS volume {index}", dig(device, "encrypted"))


def _mapped(mappings: Any) -> Iterator[_Volume]:
    """Yield the volumes of a launch template: the root volume is one, listed or not."""
    if mappings is UNKNOWN or is_absent(mappings):
        yield _Volume("the root volume", mappings)
    names: list[str] = []
    root = False
    for mapping in items(mappings):
        name, ebs = dig(mapping, "deviceName"), dig(mapping, "ebs")
        names.append(name if isinstance(name, str) else show(name))
        if ebs is None:  # an instance store, a suppressed device, or a root device as it is
            continue
        root = root or not isinstance(name, str) or name in _ROOT_DEVICES
        yield _Volume(f"block device {show(name)}", dig(ebs, "encrypted"))
    if names and not root:
        yield _Volume("the root volume", None, tuple(names))


def _ebs_encrypted(stack: Stack, _: Settings) -> Iterator[Violation]:
    accounts = stack.of(tokens.ENCRYPTION_BY_DEFAULT)
    if any(one.get("enabled") in (None, True) for one in accounts):
        return  # EC2 encrypts every new volume of the account in this Region
    for resource in stack.of((*_STARTED, *tokens.VOLUME)):
        if inherits_from_template(resource) and is_absent(resource.setting("rootBlockDevice")):
            continue
        for volume in _volumes(resource):
            if not is_true(volume.encrypted):
                yield _unencrypted(resource, volume)


def _unencrypted(resource: Resource, volume: _Volume) -> Violation:
    what = f'"{resource.name}" stores data unencrypted: '
    if volume.listed:
        return Violation(
            f"{what}block_device_mappings lists {', '.join(volume.listed)}, but not the root device.",
            resource,
            remedy=(
                "list the image's root device as well (/dev/xvda for Amazon Linux, /dev/sda1 for "
                "Ubuntu), with ebs.encrypted true."
            ),
        )
    return Violation(f"{what}encrypted of {volume.name} is {show(volume.encrypted)}.", resource)


EBS_ENCRYPTED = StackRule(
    id="ebs-encrypted",
    title="Every EBS volume is encrypted",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("ENCRYPTED_VOLUMES", "EC2_LAUNCH_TEMPLATES_EBS_VOLUME_ENCRYPTED"),
        "Security Hub": ("EC2.3", "EC2.181"),
        "Control Tower": ("CT.EC2.PR.7",),
        "Well-Architected": ("SEC08-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/encrypted-volumes.html",
    remedy=(
        "set encrypted to true for the root device and every other volume, in a launch template "
        "under block_device_mappings; or create an aws.ebs.EncryptionByDefault in this stack."
    ),
    steps=(
        "List the image's root device in block_device_mappings with ebs.encrypted.",
        "On an instance set root_block_device.encrypted.",
        "An aws.ebs.EncryptionByDefault encrypts every new volume of the account in its Region.",
    ),
    unknown=(
        "An unknown value is a violation: this is a plain setting, not an id. An unknown device name "
        "counts as the root device's."
    ),
    check=_ebs_encrypted,
)

RULES = (IMDSV2, HOP_LIMIT, EBS_ENCRYPTED)
