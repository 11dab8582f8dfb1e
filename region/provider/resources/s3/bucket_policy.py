"""Policies of S3 buckets."""

from __future__ import annotations

from collections.abc import Iterable

from typing_extensions import override

from region.provider.compare import parse_document
from region.provider.errors import CheckFailure
from region.provider.operation import Operation
from region.provider.resources.s3.common import BucketSetting
from region.provider.values import Properties


class BucketPolicy(BucketSetting):
    """`aws.s3.BucketPolicy`."""

    resource_type = "aws:s3/bucketPolicy:BucketPolicy"
    supported = frozenset({"bucket", "policy"})
    documents = frozenset({"policy"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the policy is JSON."""
        policy = inputs.get("policy")
        if isinstance(policy, str) and not isinstance(parse_document(policy), dict):
            yield CheckFailure(
                "policy", "'policy' is not a JSON document; pass json.dumps(...) of one"
            )

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """Call PutBucketPolicy."""
        op.aws.s3.put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the policy."""
        policy = op.aws.s3.get_bucket_policy(Bucket=identity)["Policy"]
        return {"bucket": identity, "policy": policy}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteBucketPolicy."""
        op.aws.s3.delete_bucket_policy(Bucket=identity)
