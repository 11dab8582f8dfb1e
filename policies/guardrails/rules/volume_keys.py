"""Rules about customer managed keys (AWS KMS): enabled, and usable by Auto Scaling for volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.keys import KEYS, admitted_by
from guardrails.architecture.serving import Serving
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, items

_ROLE = "AWSServiceRoleForAutoScaling"
_ALIAS_KEYS = ("arn", "name", "id", "targetKeyArn")


def _keys(stack: Stack, template: Resource) -> Iterator[Resource]:
    """Yield the keys of this stack with which a template encrypts its volumes."""
    prop = "blockDeviceMappings"
    given = [dig(one, "ebs", "kmsKeyId") for one in items(template.get(prop))]
    named = [one for one in given if not is_absent(one)]
    if not named:
        return
    yield from stack.references(template, prop, tokens.KMS_KEY, KEYS, value=named).resources
    aliases = stack.references(template, prop, tokens.KMS_ALIAS, _ALIAS_KEYS, value=named)
    for alias in aliases.resources:
        yield from stack.references(alias, "targetKeyId", tokens.KMS_KEY, KEYS).resources


def _is_admitted(stack: Stack, key: Resource, role: Any) -> bool:
    if admitted_by(stack, key, lambda one: one == role or _ROLE in one):
        return True
    return any(
        key in stack.references(one, "keyId", tokens.KMS_KEY, KEYS).any
        for one in stack.of(tokens.KMS_GRANT)
    )


def _volume_keys(stack: Stack, _: Settings) -> Iterator[Violation]:
    seen: set[Resource] = set()
    for group in stack.derived(Serving).groups:
        role = group.given("serviceLinkedRoleArn")
        for template in group.launching.templates:
            for key in _keys(stack, template):
                if key in seen or _is_admitted(stack, key, role):
                    continue
                seen.add(key)
                yield Violation(
                    f'Auto Scaling group "{group.name}" cannot launch: the volumes of launch template '
                    f'"{template.name}" are encrypted with key "{key.name}", whose policy does not '
                    f"admit {_ROLE}.",
                    key,
                    (
                        f'Auto Scaling group "{group.name}"',
                        f'launch template "{template.name}", kms_key_id',
                        f'key "{key.name}", policy',
                    ),
                )


VOLUME_KEY = StackRule(
    id="asg-may-use-volume-key",
    title="Auto Scaling may use the key that encrypts its volumes",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC08-BP01",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html",
    remedy=(
        "let the policy of the key allow kms:Encrypt, kms:Decrypt, kms:ReEncrypt*, "
        "kms:GenerateDataKey*, kms:DescribeKey and kms:CreateGrant to the role "
        f"{_ROLE}, or remove kms_key_id: the volumes then have the AWS managed key."
    ),
    steps=(
        f"Name arn:aws:iam::<account>:role/aws-service-role/autoscaling.amazonaws.com/{_ROLE}.",
        "Keep the statement for the account itself beside it, or nobody administers the key.",
    ),
    unknown=(
        "A policy that the preview does not know counts as one that admits it; the key of another "
        "stack is not judged."
    ),
    check=_volume_keys,
)

# --- keys that are switched off ---------------------------------------------------------------------

_TELLING = (*tokens.DATABASE, *tokens.DATABASE_CLUSTER)
"""What rds-parts-accepted reports."""
_ABOUT_KEYS = (*tokens.KMS_ALIAS, *tokens.KMS_GRANT, *tokens.KMS_KEY_POLICY)
_ENCRYPTING = ("kms", "encrypt", "blockdevice", "rules", "ebs")
"""Parts of the names of properties that take a key."""
_REMAINING = "SecondsUntilKeyMaterialExpiration"


def _is_use(prop: str) -> bool:
    return any(part in prop.lower() for part in _ENCRYPTING)


def _encrypted_by(stack: Stack, key: Resource) -> Iterator[Resource]:
    """Yield what a key encrypts, directly or by an alias."""
    types = (*tokens.KMS_KEY, *tokens.EXTERNAL_KEY)
    aliases = [
        one
        for one in stack.of(tokens.KMS_ALIAS)
        if key in stack.references(one, "targetKeyId", types, KEYS).any
    ]
    urns = {key.urn, *(one.urn for one in aliases)}
    for one in stack.resources:
        used = any(_is_use(prop) and urns & set(given) for prop, given in one.dependencies.items())
        if used and one.type not in _ABOUT_KEYS:
            yield one


def _off(stack: Stack, _: Settings) -> Iterator[Violation]:
    for key in stack.of(tokens.KMS_KEY):
        if key.get("isEnabled") is False:
            used = (one for one in _encrypted_by(stack, key) if one.type not in _TELLING)
            yield from _unreadable(key, next(used, None), "is_enabled")
    for key in stack.of(tokens.EXTERNAL_KEY):
        first = next(_encrypted_by(stack, key), None)
        if key.get("enabled") is False:
            yield from _unreadable(key, first, "enabled")
        elif first is not None and not key.left_out("validTo") and not _is_watched(stack, key):
            yield Violation(
                f'Nobody reads or writes what "{first.name}" holds from {key.shown("validTo")} on: the '
                f'material of KMS key "{key.name}" expires then (valid_to), and Amazon KMS deletes it.',
                key,
                (f'"{first.name}"', f'KMS key "{key.name}"', f"valid_to {key.shown('validTo')}"),
                (
                    f'remove valid_to of "{key.name}": the material then never expires; or tell somebody '
                    f"in time to import it again, by an aws.cloudwatch.MetricAlarm on {_REMAINING} of "
                    "AWS/KMS with the dimension KeyId."
                ),
            )


def _unreadable(key: Resource, first: Resource | None, prop: str) -> Iterator[Violation]:
    if first is not None:
        yield Violation(
            f'Nobody reads or writes what "{first.name}" holds: KMS key "{key.name}" is switched off '
            f"({prop} is false).",
            key,
            (f'"{first.name}"', f'KMS key "{key.name}"', f"{prop} false"),
            f"set {prop} of the key to true, or leave it out.",
        )


def _is_watched(stack: Stack, key: Resource) -> bool:
    """Return whether an alarm warns that the material of a key is about to expire."""
    return any(
        one.get("metricName") == _REMAINING
        and key in stack.references(one, "dimensions", tokens.EXTERNAL_KEY, KEYS).any
        for one in stack.of(tokens.METRIC_ALARM)
    )


KEY_ENABLED = StackRule(
    id="kms-key-enabled",
    title="No key that encrypts data is disabled, or expires unnoticed",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC08-BP01",)},
    url="https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html",
    remedy="set is_enabled of the key to true, or leave it out.",
    steps=(
        "Set is_enabled=True: what the key encrypts can be read again at once.",
        "Give what it encrypts another key first where it is to go.",
        (
            "Leave valid_to of an aws.kms.ExternalKey out, or watch "
            f"{_REMAINING} by an alarm and import the material again in time."
        ),
    ),
    unknown=(
        "A switch that is not known counts as on; a key of another stack is not judged. A date that is "
        "not known is one."
    ),
    check=_off,
)

RULES = (
    KEY_ENABLED,
    VOLUME_KEY,
)
