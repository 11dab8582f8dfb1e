"""What breaks the rule about privileges over data."""

from __future__ import annotations

from tests.policies.mutations.privileges import allow
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("iam-data-limited", "sessions", "policy", absent=KEEPS, unknown=KEEPS)


@breaks("iam-data-limited")
def every_secret_read(stack):
    allow(stack, "secretsmanager:GetSecretValue")


@breaks("iam-data-limited")
def every_bucket_emptied(stack):
    allow(stack, "s3:*", "arn:aws:s3:::*")
