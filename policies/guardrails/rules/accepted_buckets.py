"""What Amazon S3 refuses about the parts of a bucket: access lists and replication."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import JointRefusal, joint_refusal_rule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, show

_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_KEYS = ("bucket", "id", "arn")
_REPLICATION = ("aws:s3/bucketReplicationConfig:BucketReplicationConfig",)


def _about(
    stack: Stack, part: Resource, types: tuple[str, ...]
) -> tuple[Resource, list[Resource]] | None:
    """Return the bucket of a part, and its parts of these types; `None` if it is of another stack."""
    owners = stack.references(part, "bucket", tokens.BUCKET, _KEYS).resources
    if len(owners) != 1:
        return None
    found = [
        one
        for one in stack.of(types)
        if owners[0] in stack.references(one, "bucket", tokens.BUCKET, _KEYS).any
    ]
    return owners[0], found


def _no_lists(stack: Stack, acl: Resource) -> Iterator[str]:
    about = _about(stack, acl, tokens.BUCKET_OWNERSHIP)
    if about is None:
        return
    bucket, controls = about
    given = [dig(one.get("rule"), "objectOwnership") for one in controls]
    if UNKNOWN in given or any(one != "BucketOwnerEnforced" for one in given):
        return
    owned = show(given[0]) if given else "not set, and BucketOwnerEnforced is the default"
    yield f'object_ownership of bucket "{bucket.name}" is {owned}'


def _unversioned(stack: Stack, replication: Resource) -> Iterator[str]:
    about = _about(stack, replication, tokens.BUCKET_VERSIONING)
    if about is None:
        return
    bucket, versions = about
    given = [one.get("versioningConfiguration", "status") for one in versions]
    if not any(one in ("Enabled", UNKNOWN) for one in given):
        yield f'bucket "{bucket.name}" is not versioned'


_TABLE = (
    JointRefusal(
        types=tokens.BUCKET_ACL,
        says="AccessControlListNotSupported: The bucket does not allow ACLs.",
        source=f"{_S3}about-object-ownership.html",
        remedy=(
            "remove the aws.s3.BucketAcl: a bucket is private without it; or create an "
            "aws.s3.BucketOwnershipControls with BucketOwnerPreferred."
        ),
        find=_no_lists,
    ),
    JointRefusal(
        types=_REPLICATION,
        says="InvalidRequest: Versioning must be 'Enabled' on the bucket to apply a replication.",
        source=f"{_S3}replication-requirements.html",
        remedy="create an aws.s3.BucketVersioning with status Enabled for source and destination.",
        find=_unversioned,
    ),
)

PARTS = joint_refusal_rule(
    _TABLE,
    id="s3-parts-accepted",
    title="Amazon S3 accepts the access list and the replication of every bucket",
    url=f"{_S3}about-object-ownership.html",
    remedy="correct the part of the bucket as the message says.",
)

RULES = (PARTS,)
