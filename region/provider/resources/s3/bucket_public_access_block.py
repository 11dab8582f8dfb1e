"""Public access blocks of S3 buckets."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from region.provider.operation import Operation
from region.provider.resources.s3.common import BucketSetting
from region.provider.values import Properties

_BLOCKS = {
    "BlockPublicAcls": "blockPublicAcls",
    "IgnorePublicAcls": "ignorePublicAcls",
    "BlockPublicPolicy": "blockPublicPolicy",
    "RestrictPublicBuckets": "restrictPublicBuckets",
}


class BucketPublicAccessBlock(BucketSetting):
    """`aws.s3.BucketPublicAccessBlock`."""

    resource_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    supported = frozenset({"bucket", "skipDestroy", *_BLOCKS.values()})
    defaults: ClassVar = dict.fromkeys(_BLOCKS.values(), False)

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """Call PutPublicAccessBlock."""
        blocks = {parameter: inputs[name] for parameter, name in _BLOCKS.items()}
        op.aws.s3.put_public_access_block(
            Bucket=inputs["bucket"], PublicAccessBlockConfiguration=blocks
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the four switches."""
        response = op.aws.s3.get_public_access_block(Bucket=identity)
        blocks = response["PublicAccessBlockConfiguration"]
        found = {name: bool(blocks.get(parameter)) for parameter, name in _BLOCKS.items()}
        return {"bucket": identity, **found}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeletePublicAccessBlock."""
        if not state.get("skipDestroy"):
            op.aws.s3.delete_public_access_block(Bucket=identity)
