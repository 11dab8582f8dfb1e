"""Privileges over data."""

from __future__ import annotations

from tests.policies.mutations.privileges import allow
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "iam-data-limited"


def allows(action, resource="*", **more):
    def change(draft):
        allow(draft, action, resource, **more)
        return draft

    return change


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, allows("secretsmanager:*")),
    (RULE, allows(["kms:Decrypt", "kms:DescribeKey"])),
    (RULE, allows("s3:Delete*", "arn:aws:s3:::*/*")),
    (RULE, allows("kms:*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
]

# A change that breaks nothing.
KEEPS = [
    allows("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:1:secret:web/*"),
    allows("kms:Decrypt", Condition={"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}}),
    allows("s3:*", ["arn:aws:s3:::uploads", "arn:aws:s3:::uploads/*"]),
    allows("s3:List*"),
    allows("secretsmanager:ListSecrets"),
]
