"""The rule about privileges over all of an account: secrets, keys, objects, tables and instances."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.policy_documents import Statement, matches
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.rules.privileges import administers, documents, is_about_everything

_DATA = {
    "secretsmanager:GetSecretValue": "read every secret",
    "kms:Decrypt": "decrypt with every key",
    "s3:DeleteObject": "delete every object of every bucket",
    "dynamodb:DeleteTable": "delete every table",
    "rds:DeleteDBInstance": "delete every database",
    "ec2:ModifySnapshotAttribute": "give away every snapshot",
    "ssm:SendCommand": "run commands on every instance",
    "lambda:UpdateFunctionCode": "replace the code of every function",
}


def _reaches(given: Statement) -> str | None:
    """Return what a statement lets its owner do with all data of the account."""
    if not given.allows or given.conditional or given.not_actions or administers(given):
        return None
    anything = is_about_everything(given) or any(
        str(one) in ("arn:aws:s3:::*", "arn:aws:s3:::*/*") for one in given.resources
    )
    if not anything:
        return None
    return next((what for action, what in _DATA.items() if matches(given.actions, action)), None)


def _data(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource, label, document in documents(stack):
        for given in document:
            what = _reaches(given)
            if what is not None:
                actions = ", ".join(str(one) for one in given.actions if isinstance(one, str))
                yield Violation(
                    f"{label} lets its owner {what} of the account: {actions} on every resource.",
                    resource,
                )
                break


DATA_LIMITED = StackRule(
    id="iam-data-limited",
    title="No policy grants access to every secret, key, object, table or instance of the account",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    level=Level.ADVISORY,  # a deployer, or a tool for every bucket, may need it
    production=Level.MANDATORY,
    controls={
        "AWS Config": (
            "IAM_CUSTOMER_POLICY_BLOCKED_KMS_ACTIONS",
            "IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS",
        ),
        "Security Hub": ("KMS.1", "KMS.2"),
        "Checkov": ("CKV_AWS_288",),
        "Well-Architected": ("SEC03-BP02", "SEC08-BP04"),
    },
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html",
    remedy=(
        "name the ARN of the secret, key, bucket, table, function or instance as the Resource of the "
        "policy, or add a Condition such as kms:ViaService."
    ),
    steps=(
        "Replace the resource * by the ARNs of what the program needs.",
        'For a key that a service uses, add Condition {"StringEquals": {"kms:ViaService": …}}.',
    ),
    unknown=(
        "A policy that the preview does not know is judged at the end of the update; an unknown "
        "resource is one certain thing."
    ),
    check=_data,
)

RULES = (DATA_LIMITED,)
