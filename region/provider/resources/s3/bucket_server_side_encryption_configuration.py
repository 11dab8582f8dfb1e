"""Default encryption of S3 buckets."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from region.provider.operation import Operation
from region.provider.resources.s3.common import BucketSetting
from region.provider.values import Properties


class BucketServerSideEncryptionConfiguration(BucketSetting):
    """`aws.s3.BucketServerSideEncryptionConfiguration`."""

    resource_type = (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    supported = frozenset(
        {
            "bucket",
            "rules.applyServerSideEncryptionByDefault.sseAlgorithm",
            "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId",
            "rules.bucketKeyEnabled",
        }
    )

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """Call PutBucketEncryption."""
        rules: list[dict[str, Any]] = []
        for rule in inputs["rules"]:
            default = rule.get("applyServerSideEncryptionByDefault", {})
            members = {
                "SSEAlgorithm": default.get("sseAlgorithm"),
                "KMSMasterKeyID": default.get("kmsMasterKeyId"),
            }
            chosen = {name: value for name, value in members.items() if value}
            key = (
                {"BucketKeyEnabled": rule["bucketKeyEnabled"]} if "bucketKeyEnabled" in rule else {}
            )
            rules.append({"ApplyServerSideEncryptionByDefault": chosen, **key})
        op.aws.s3.put_bucket_encryption(
            Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the rules."""
        response = op.aws.s3.get_bucket_encryption(Bucket=identity)
        rules: list[Properties] = []
        for rule in response["ServerSideEncryptionConfiguration"]["Rules"]:
            default = rule["ApplyServerSideEncryptionByDefault"]
            described: Properties = {"sseAlgorithm": default["SSEAlgorithm"]}
            if default.get("KMSMasterKeyID"):
                described["kmsMasterKeyId"] = default["KMSMasterKeyID"]
            rules.append(
                {
                    "applyServerSideEncryptionByDefault": described,
                    "bucketKeyEnabled": bool(rule.get("BucketKeyEnabled")),
                }
            )
        return {"bucket": identity, "rules": rules}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteBucketEncryption."""
        op.aws.s3.delete_bucket_encryption(Bucket=identity)
