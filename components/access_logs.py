"""The bucket for the load balancer's access logs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import buckets
from components.base import Component
from components.iam_documents import ACCESS_LOG_PREFIX, access_log_delivery
from components.tags import Tags

RETENTION_DAYS = 90
"""Long enough for an incident to be noticed and investigated."""


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """Arguments of `AccessLogs`.

    Attributes:
        account_id: The account whose load balancers may write.
        keep: Whether deleting the bucket fails while it holds logs.
        tags: Tags of every resource.
    """

    account_id: pulumi.Input[str]
    keep: bool
    tags: Tags


class AccessLogs(Component):
    """A dedicated private bucket for access logs (Security Hub ELB.5).

    Encrypted with S3-managed keys: delivery to a bucket with KMS keys fails (ELB user guide, "Enable
    access logs for your Application Load Balancer", bucket requirements).
    """

    bucket_name: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...]
    """The load balancer depends on these: ELB writes a test object when logging is enabled."""

    def __init__(
        self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("network:AccessLogs", name, {"retentionDays": RETENTION_DAYS}, opts)
        bucket = aws.s3.Bucket(
            f"{name}-bucket", force_destroy=not args.keep, tags=dict(args.tags), opts=self.child()
        )
        policy = pulumi.Output.all(bucket.arn, args.account_id).apply(
            lambda facts: access_log_delivery(bucket_arn=facts[0], account=facts[1])
        )
        hardening = buckets.harden_bucket(self, name, bucket, policy)
        rules = [
            buckets.abort_uploads(ACCESS_LOG_PREFIX),
            buckets.expire(ACCESS_LOG_PREFIX, days=RETENTION_DAYS),
        ]
        buckets.lifecycle(self, name, bucket, hardening, rules)
        self.bucket_name = bucket.id
        self.ready = tuple(hardening)
        self.register({"bucketName": self.bucket_name})
