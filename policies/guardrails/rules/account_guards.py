"""The rule about guards of a whole account: the program does not take them away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.refusals import label
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, show

_OPEN: dict[str, tuple[tuple[str, tuple[Any, ...], str, str], ...]] = {
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": tuple(
        (name, (False, None), "every bucket of the account may become public", "true")
        for name in (
            "blockPublicAcls",
            "blockPublicPolicy",
            "ignorePublicAcls",
            "restrictPublicBuckets",
        )
    ),
    **dict.fromkeys(
        tokens.ENCRYPTION_BY_DEFAULT,
        (("enabled", (False,), "new volumes of the account are not encrypted", "true"),),
    ),
    "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess": (
        (
            "state",
            ("unblocked",),
            "snapshots of the account may be shared with everybody",
            '"block-all-sharing"',
        ),
    ),
    "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess": (
        (
            "state",
            ("unblocked",),
            "images of the account may be shared with everybody",
            '"block-new-sharing"',
        ),
    ),
    "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults": (
        (
            "httpTokens",
            ("optional",),
            "instances of the account hand out their role's credentials without a token",
            '"required"',
        ),
    ),
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": (
        ("accountId", ("all",), "everybody may make a volume of the snapshot", "one account"),
    ),
    "aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration": (
        (
            "blockPublicSecurityGroupRules",
            (False,),
            "clusters of the account may be open to everybody",
            "true",
        ),
    ),
}
"""Per type: a property, the values that open the account, what they open, and what to set instead."""


def _opened(resource: Resource, _: Settings) -> Iterator[Violation]:
    found = [
        (name, what, better)
        for name, bad, what, better in _OPEN[resource.type]
        if (given := resource.get(name)) is not UNKNOWN and given in bad
    ]
    if not found:
        return
    name, what, _better = found[0]
    said = ", ".join(f"{label(one)} is {resource.shown(one)}" for one, _what, _other in found)
    yield Violation(
        f'"{resource.name}" takes a guard away: {what} ({said}).',
        resource,
        (f'"{resource.name}"', f"{label(name)} {show(resource.get(name))}", what),
        "set " + ", ".join(f"{label(one)} to {better}" for one, _what, better in found) + ".",
    )


GUARDED = ResourceRule(
    id="account-guards-on",
    title="No program takes away what guards a whole account",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": (
            "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS",
            "EC2_EBS_ENCRYPTION_BY_DEFAULT",
            "EBS_SNAPSHOT_PUBLIC_RESTORABLE_CHECK",
        ),
        "Security Hub": ("S3.1", "EC2.1", "EC2.7", "EC2.182"),
        "Checkov": ("CKV_AWS_106",),
        "Well-Architected": ("SEC03-BP07", "SEC08-BP02"),
    },
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    remedy="remove the resource, or set it to what the message says.",
    steps=(
        "Set all four switches of aws.s3.AccountPublicAccessBlock to true.",
        "Set enabled of aws.ebs.EncryptionByDefault to true, state of the blocks to block sharing.",
        'Set http_tokens of aws.ec2.InstanceMetadataDefaults to "required".',
    ),
    unknown="A value that the preview does not know is judged in the update.",
    types=tuple(_OPEN),
    check=_opened,
)

RULES = (GUARDED,)
