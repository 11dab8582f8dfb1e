"""What breaks the rules about buckets."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

decides(
    "s3-public-access-blocked", "public-access", "blockPublicPolicy", absent=BREAKS, unknown=BREAKS
)
decides(
    "s3-revision-bucket-versioning",
    "versioning",
    "versioningConfiguration",
    absent=BREAKS,
    unknown=BREAKS,
)
decides("s3-encryption", "encryption", "rules", absent=BREAKS, unknown=BREAKS)
decides("s3-tls-only", "bucket-policy", "policy", absent=BREAKS, unknown=KEEPS)


@breaks("s3-public-access-blocked")
def no_public_access_block(stack):
    stack.drop("public-access")


@breaks("s3-revision-bucket-versioning")
def no_versions(stack):
    stack.drop("versioning")


@breaks("s3-encryption", ADVISORY)
def no_encryption(stack):
    stack.drop("encryption")


@breaks("s3-tls-only")
def no_bucket_policy(stack):
    stack.drop("bucket-policy")
