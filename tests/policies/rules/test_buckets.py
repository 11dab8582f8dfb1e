"""S3 buckets."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

TLS = (
    '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition":'
    ' {"Bool": {"aws:SecureTransport": "false"}}}]}'
)

# A change and the one rule that it breaks.
BREAKS = [
    ("s3-public-access-blocked", lambda d: d.drop("public-access")),
    ("s3-public-access-blocked", lambda d: d.set("public-access", "blockPublicAcls", UNKNOWN)),
    ("s3-public-access-blocked", lambda d: d.link("public-access", "bucket")),
    ("s3-revision-bucket-versioning", lambda d: d.drop("versioning")),
    ("s3-revision-bucket-versioning", lambda d: d
        .set("versioning", "versioningConfiguration", UNKNOWN)),
    ("s3-encryption", lambda d: d.drop("encryption")),
    ("s3-encryption", lambda d: d.set("encryption", "rules", UNKNOWN)),
    ("s3-tls-only", lambda d: d.drop("bucket-policy")),
    ("s3-tls-only", lambda d: d.set("bucket-policy", "policy", '{"Statement": []}')),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("bucket-policy", "policy", TLS),
]  # fmt: skip
