"""S3 buckets. Their settings are resources of their own."""

from __future__ import annotations

from typing import ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider.autoname import Naming
from region.provider.errors import is_missing
from region.provider.handler import Handler, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.resources.s3.common import delete_versions
from region.provider.values import Properties

HOSTED_ZONES = {"ap-northeast-2": "Z3W03O7B5YMIYP", "us-east-1": "Z3AQBSTGFYJSTF"}
"""Route 53 zones of S3's website endpoints (AWS General Reference, S3 endpoints)."""


class Bucket(Handler):
    """`aws.s3.Bucket`; its settings are resources of their own."""

    resource_type = "aws:s3/bucket:Bucket"
    supported = frozenset({"bucket", "bucketPrefix", "forceDestroy", "tags"})
    hints: ClassVar = {
        "policy": "use aws.s3.BucketPolicy",
        "versioning": "use aws.s3.BucketVersioning",
        "serverSideEncryptionConfiguration": "use aws.s3.BucketServerSideEncryptionConfiguration",
    }
    defaults: ClassVar = {"forceDestroy": False}
    naming = Naming(
        prop="bucket",
        prefix="bucketPrefix",
        limit=63,
        lower=True,
        pattern=r"[a-z0-9][a-z0-9.-]+[a-z0-9]",
        rule="lower-case letters, digits, dots and hyphens, at least three characters",
    )

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateBucket."""
        name = inputs["bucket"]
        place = {} if op.region == "us-east-1" else {"LocationConstraint": op.region}
        options = {"CreateBucketConfiguration": place} if place else {}
        op.aws.s3.create_bucket(Bucket=name, **options)
        return name

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutBucketTagging, which replaces all tags."""
        tags = new.get("tags") or {}
        if tags and tags != (old or {}).get("tags"):
            op.aws.s3.put_bucket_tagging(Bucket=identity, Tagging={"TagSet": tag_list(tags)})
        elif old and old.get("tags") and not tags:
            op.aws.s3.delete_bucket_tagging(Bucket=identity)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the bucket and the names that AWS derives from its name."""
        op.aws.s3.head_bucket(Bucket=identity)
        domain = f"{identity}.s3.{op.region}.amazonaws.com"
        return {
            "bucket": identity,
            "arn": op.arn("s3", identity, partition_only=True),
            "bucketDomainName": f"{identity}.s3.amazonaws.com",
            "bucketRegionalDomainName": domain,
            "bucketRegion": op.region,
            "hostedZoneId": HOSTED_ZONES.get(op.region, ""),
            "tags": _tags(op, identity),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteBucket; with `forceDestroy` delete every version of every object first."""
        if state.get("forceDestroy"):
            delete_versions(op, identity)
        op.aws.s3.delete_bucket(Bucket=identity)


def _tags(op: Operation, bucket: str) -> dict[str, str]:
    try:
        return tag_map(op.aws.s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
    except ClientError as error:
        if is_missing(error):
            return {}
        raise
