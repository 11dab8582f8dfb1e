"""What breaks the rules about the instances' access to revisions."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.deployment_role import INLINE, document, statement
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)

decides("ec2-reads-revisions", "reads", "policy", absent=BREAKS, unknown=KEEPS)
decides("ec2-decrypts-revisions", "encryption", "rules", absent=KEEPS, unknown=KEEPS)


@breaks("ec2-reads-revisions")
def instances_without_access_to_revisions(stack):
    stack.drop("reads")


@breaks("ec2-reads-revisions")
def instances_read_another_bucket(stack):
    elsewhere = statement("Allow", "s3:Get*", resource="arn:aws:s3:::somebody-elses/*")
    stack.set("reads", "policy", document(elsewhere))


@breaks("ec2-reads-revisions")
def instances_only_list_revisions(stack):
    stack.set("reads", "policy", document(statement("Allow", "s3:ListBucket")))


@breaks("ec2-reads-revisions")
def instances_denied_to_read(stack):
    stack.add(
        "denied", INLINE, {"role": Ref("role"), "policy": document(statement("Deny", "s3:*"))}
    )


@breaks("ec2-decrypts-revisions")
def instances_without_the_key(stack):
    readable = statement("Allow", "s3:GetObject", resource="arn:aws:s3:::*/revisions/*")
    stack.set("reads", "policy", document(readable))
    stack.add("own-key", "aws:kms/key:Key", {"enableKeyRotation": True})
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": Ref("own-key", "arn")}
    rules = [{"applyServerSideEncryptionByDefault": default}]
    stack.drop("encryption")
    stack.add("by-key", ENCRYPTION, {"bucket": Ref("bucket"), "rules": rules})


OBJECTS = "arn:aws:s3:::shop-revisions/revisions/*"


def writing(stack, action="s3:GetObject"):
    """Add a policy for the revisions to the instances' role."""
    stack.set("bucket", "bucket", "shop-revisions")
    allowed = statement("Allow", action, resource=OBJECTS)
    stack.add("writes", INLINE, {"role": Ref("role"), "policy": document(allowed)})


@breaks("ec2-cannot-write-revisions", ADVISORY)
def instances_overwrite_revisions(stack):
    writing(stack, "s3:PutObject")


decides(
    "ec2-cannot-write-revisions", "writes", "policy", absent=KEEPS, unknown=KEEPS, given=writing
)
