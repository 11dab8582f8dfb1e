"""The access of instances to revisions."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, broken
from tests.policies.mutations.deployment_role import INLINE, document, statement
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
]

BUCKET, KEY = "arn:aws:s3:::releases", "arn:aws:kms:x:1:key/k"


def released(draft, resource, *actions):
    """The draft after `up`, where names and documents are known, with this permission."""
    draft.set("bucket", "bucket", "releases").set("bucket", "arn", BUCKET)
    given = document(statement("Allow", *(actions or ["s3:GetObject"]), resource=resource))
    return draft.set("reads", "policy", given)


def encrypted(draft, *actions, resource=UNKNOWN, **key):
    """The draft with revisions under a key of its own and a role that may do this with it."""
    readable = statement("Allow", "s3:GetObject")
    usable = statement("Allow", *actions, resource=resource) if actions else readable
    draft.set(
        "reads",
        "policy",
        document(readable, usable)
        if resource is not UNKNOWN
        else {"Statement": [readable, usable]},
    )
    draft.add(
        "own-key",
        "aws:kms/key:Key",
        {"arn": UNKNOWN, "enableKeyRotation": True, **key},
        {"policy": ["role"] if key.get("policy") is UNKNOWN else []},
    )
    default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}
    draft.set("encryption", "rules", [{"applyServerSideEncryptionByDefault": default}])
    return draft.link("encryption", "rules", "own-key")


# A change and the one rule that it breaks.
BREAKS = [
    ("ec2-reads-revisions", lambda d: d.drop("reads")),
    ("ec2-reads-revisions", lambda d: d.link("reads", "role")),
    ("ec2-reads-revisions", lambda d: released(d, f"{BUCKET}/builds/*")),
    ("ec2-reads-revisions", lambda d: released(d, f"{BUCKET}-old/*")),
    ("ec2-reads-revisions", lambda d: released(d, f"{BUCKET}/*", "s3:GetBucket*", "s3:List*")),
    ("ec2-reads-revisions", lambda d: d.add("denied", INLINE, {"role": UNKNOWN,
        "policy": document(statement("Deny", "s3:GetObject*"))}, {"role": ["role"]})),
    ("ec2-decrypts-revisions", lambda d: encrypted(d, "kms:Encrypt", resource="*")),
    ("ec2-decrypts-revisions", encrypted),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: released(d, f"{BUCKET}/*"),
    lambda d: released(d, f"{BUCKET}/revisions/*", "s3:Get*"),
    lambda d: released(d, f"{BUCKET}*", "s3:G*"),
    lambda d: released(d, "arn:aws:s3:::*/*"),
    lambda d: released(d, f"{BUCKET}/*").set("bucket", "bucket", UNKNOWN)
        .set("reads", "policy", document(statement("Allow", "s3:Get*", resource="arn:aws:s3:::*"))),
    lambda d: d.set("reads", "policy", {"Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [UNKNOWN]}]}),
    lambda d: d.drop("reads").set("role", "managedPolicyArns",
        ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]),
    lambda d: d.drop("reads").set("role", "managedPolicyArns",
        ["arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforAWSCodeDeploy"]),
    lambda d: d.add("denied", INLINE, {"role": UNKNOWN, "policy": document(
        {**statement("Deny", "s3:*"), "Condition": {"Bool": {"aws:SecureTransport": "false"}}})},
        {"role": ["role"]}),
    lambda d: encrypted(d, "kms:Decrypt", resource="arn:aws:kms:*:1:*"),
    lambda d: encrypted(d, "kms:*", resource="arn:aws:kms:*:1:key/*"),
    lambda d: encrypted(d, policy=UNKNOWN),
    lambda d: d.set("encryption", "rules",
        [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]),
    lambda d: encrypted(d).set("object", "serverSideEncryption", "AES256"),
]  # fmt: skip

# A change after which exactly this rule cannot be decided.
UNDECIDED = [
    ("ec2-reads-revisions", lambda d: d.link("reads", "policy", "database")),
    ("ec2-reads-revisions", lambda d: d.set("reads", "policy",
        document(statement("Allow", "s3:GetObject", resource="arn:aws:s3:::rel*/revisions/*")))),
    ("ec2-decrypts-revisions", lambda d: d.set("object", "kmsKeyId", KEY)),
]  # fmt: skip


def test_a_permission_on_the_bucket_reads_nothing_of_what_is_in_it():
    draft = Draft()
    released(draft, BUCKET)
    assert broken(draft) == {"ec2-reads-revisions", "iam-objects-named"}
