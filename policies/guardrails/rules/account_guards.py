"""Rules about guards of a whole account: the program does not take them away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.refusals import label
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, is_absent, number, show

_LEAST_LENGTH = 8
"""Characters that a password has without any policy (IAM user guide, "Set an account password policy")."""

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
    "aws:cloudtrail/trail:Trail": (
        ("enableLogging", (False,), "nobody can tell what was done in the account", "true"),
    ),
    "aws:guardduty/detector:Detector": (
        ("enable", (False,), "nobody is told of attacks on the account", "true"),
    ),
    "aws:cfg/recorderStatus:RecorderStatus": (
        ("isEnabled", (False,), "changes of the account's resources are not recorded", "true"),
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

# --- passwords ------------------------------------------------------------------------------------


def _short(policy: Resource, settings: Settings) -> Iterator[Violation]:
    given, least = policy.get("minimumPasswordLength"), settings.integer("minimumLength")
    # Without it the provider asks for 6 characters.
    length = _SHORTEST if is_absent(given) else number(given)
    if length is not None and length < least:
        yield Violation(
            f'"{policy.name}" lets users of the account choose passwords of {length:g} characters: '
            f"minimum_password_length is {policy.shown('minimumPasswordLength')}, at least {least} are "
            "required.",
            policy,
            ("console sign-in", f"password of {length:g} characters"),
        )


_SHORTEST = 6

PASSWORDS = ResourceRule(
    id="iam-password-policy",
    title="Users of the account choose long passwords",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    controls={
        "AWS Config": ("IAM_PASSWORD_POLICY",),
        "Security Hub": ("IAM.7", "IAM.15"),
        "Checkov": ("CKV_AWS_10",),
        "Prowler": ("iam_password_policy_minimum_length_14",),
        "Well-Architected": ("SEC02-BP01",),
    },
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html",
    remedy="set minimum_password_length to 14 or more, or remove the policy: AWS then asks for 8.",
    steps=(
        "Set minimum_password_length to 14, and password_reuse_prevention to 24.",
        "Let people sign in by IAM Identity Center: then no user has a password here.",
    ),
    unknown="A length that the preview does not know is judged in the update.",
    parameters={
        "minimumLength": {
            "type": "integer",
            "minimum": 6,
            "default": _LEAST_LENGTH,
            "description": "Characters that a password has at least.",
        }
    },
    types=("aws:iam/accountPasswordPolicy:AccountPasswordPolicy",),
    check=_short,
)

RULES = (GUARDED, PASSWORDS)
