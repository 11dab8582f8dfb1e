"""Rules about instances, launch templates and volumes."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.property_rules import AtMost, must_be, property_rule
from guardrails.relations.launch_templates import inherits_from_template
from guardrails.resources import Resource
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
    remedy='set metadata_options.http_tokens to "required".',
    steps=('Set metadata_options with http_tokens="required" and http_put_response_hop_limit=1.',),
)

HOP_LIMIT = property_rule(
    must_be(
        "metadataOptions.httpPutResponseHopLimit",
        AtMost("maximumHopLimit"),
        '"{name}" lets metadata tokens leave the instance',
        inherits=inherits_from_template,
    ),
    _STARTED,
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
    remedy="set metadata_options.http_put_response_hop_limit to 1.",
    steps=("Set metadata_options.http_put_response_hop_limit=1; images may default to 2.",),
    parameters={
        "maximumHopLimit": {
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
            "default": 1,
            "description": "Network hops that a metadata response may travel.",
        }
    },
)


def _volumes(resource: Resource) -> Iterator[tuple[str, object]]:
    """Yield each volume of the resource with its `encrypted` value."""
    if resource.type in tokens.VOLUME:
        yield "the volume", resource.get("encrypted")
    elif resource.type in tokens.LAUNCH_TEMPLATE:
        mappings = resource.get("blockDeviceMappings")
        if mappings is UNKNOWN or is_absent(mappings):
            yield "the root volume", mappings
        for index, mapping in enumerate(items(mappings)):
            ebs = dig(mapping, "ebs")
            if ebs is not None:  # without it: an instance store or a suppressed device
                yield f"block device {index}", dig(ebs, "encrypted")
    else:
        yield "the root volume", resource.get("rootBlockDevice", "encrypted")
        for index, device in enumerate(items(resource.get("ebsBlockDevices"))):
            yield f"EBS volume {index}", dig(device, "encrypted")


def _ebs_encrypted(resource: Resource, _: Settings) -> Iterator[Violation]:
    if inherits_from_template(resource) and is_absent(resource.get("rootBlockDevice")):
        return
    for volume, encrypted in _volumes(resource):
        if not is_true(encrypted):
            yield Violation(
                f'"{resource.name}" stores data unencrypted: encrypted of {volume} is '
                f"{show(encrypted)}.",
                resource,
            )


EBS_ENCRYPTED = ResourceRule(
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
        "under block_device_mappings."
    ),
    steps=(
        "List the image's root device in block_device_mappings with ebs.encrypted.",
        "On an instance set root_block_device.encrypted.",
    ),
    unknown="An unknown value is a violation: this is a plain setting, not an id.",
    types=(*_STARTED, *tokens.VOLUME),
    check=_ebs_encrypted,
)

RULES = (IMDSV2, HOP_LIMIT, EBS_ENCRYPTED)
