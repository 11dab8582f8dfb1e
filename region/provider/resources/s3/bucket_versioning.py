"""Versioning of S3 buckets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.operation import Operation
from region.provider.resources.s3.common import BucketSetting
from region.provider.values import Properties


class BucketVersioning(BucketSetting):
    """`aws.s3.BucketVersioning`."""

    resource_type = "aws:s3/bucketVersioning:BucketVersioning"
    supported = frozenset({"bucket", "versioningConfiguration.status"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the status is one of the two that a program can set."""
        configuration = inputs.get("versioningConfiguration")
        if isinstance(configuration, dict):
            path = "versioningConfiguration.status"
            status: Any = configuration.get("status")  # pyright: ignore[reportUnknownMemberType]
            yield from checks.one_of(path, status, ["Enabled", "Suspended"])

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """Call PutBucketVersioning."""
        status = inputs["versioningConfiguration"]["status"]
        op.aws.s3.put_bucket_versioning(
            Bucket=inputs["bucket"], VersioningConfiguration={"Status": status}
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the status."""
        status = op.aws.s3.get_bucket_versioning(Bucket=identity).get("Status")
        if not status:
            return None
        return {"bucket": identity, "versioningConfiguration": {"status": status}}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Suspend versioning: it cannot be removed."""
        op.aws.s3.put_bucket_versioning(
            Bucket=identity, VersioningConfiguration={"Status": "Suspended"}
        )
