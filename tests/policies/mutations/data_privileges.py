"""What breaks the rule about privileges over data."""

from __future__ import annotations

from tests.policies.mutations.privileges import allow
from tests.policies.mutations.registry import ADVISORY, KEEPS, MANDATORY, breaks, decides

decides("iam-data-limited", "sessions", "policy", absent=KEEPS, unknown=KEEPS)


@breaks("iam-data-limited", ADVISORY, production=MANDATORY)
def every_secret_read(stack):
    allow(stack, "secretsmanager:GetSecretValue")


@breaks("iam-data-limited", ADVISORY, production=MANDATORY)
def every_bucket_emptied(stack):
    allow(stack, "s3:*", "arn:aws:s3:::*")
