"""What the handlers of Amazon S3's resources share."""

from __future__ import annotations

from typing_extensions import override

from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties

DELETE_BATCH = 1000
"""How many keys one DeleteObjects takes."""


def delete_versions(op: Operation, bucket: str, key: str | None = None) -> None:
    """Delete all versions and delete markers, of one key or of all."""
    pages = op.aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=key or ""
    )
    found: list[dict[str, str]] = [
        {"Key": item["Key"], "VersionId": item["VersionId"]}
        for page in pages
        for kind in ("Versions", "DeleteMarkers")
        for item in page.get(kind, ())
        if key is None or item["Key"] == key
    ]
    for start in range(0, len(found), DELETE_BATCH):
        batch = found[start : start + DELETE_BATCH]
        op.aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


class BucketSetting(Handler):
    """A setting of a bucket; its id is the bucket's name."""

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Put the setting."""
        self.put(op, inputs)
        return inputs["bucket"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Put the setting again."""
        if old is not None:
            self.put(op, new)

    def put(self, op: Operation, inputs: Properties) -> None:
        """Create or replace the setting."""
        raise NotImplementedError
