"""Buckets that are not the store of revisions, and other policies for TLS."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent


@innocent(engine=True)
def exports_that_expire() -> None:
    """Customers fetch their export within a month; then it goes. No instance boots from it."""
    bricks.web(bricks.network())
    exports = bricks.closed_bucket("exports")
    aws.s3.BucketObjectv2(
        "how-to", bucket=exports.id, key="README.txt", content="Exports are kept for 30 days."
    )
    aws.s3.BucketLifecycleConfiguration(
        "exports-expire",
        bucket=exports.id,
        rules=[{"id": "month", "status": "Enabled", "expiration": {"days": 30}, "filter": {}}],
    )


def hardened(name: str, policy: Any) -> aws.s3.Bucket:
    bucket = aws.s3.Bucket(name, bucket=f"shop-{name}-eu-west-1")
    aws.s3.BucketPublicAccessBlock(
        f"{name}-block",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}],
    )
    aws.s3.BucketPolicy(f"{name}-tls", bucket=bucket.bucket, policy=policy)
    return bucket


def denial(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [
            "arn:aws:s3:::shop-pictures-eu-west-1",
            "arn:aws:s3:::shop-pictures-eu-west-1/*",
        ],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **changes,
    }


@innocent(engine=True)
def principal_and_values_as_lists() -> None:
    """Everything that may be a list is one (IAM user guide, "IAM JSON policy elements")."""
    bricks.web(bricks.network())
    hardened(
        "pictures",
        bricks.document(
            denial(
                Principal={"AWS": ["*"]},
                Action=["s3:*"],
                Condition={"Bool": {"aws:SecureTransport": ["false"]}},
            )
        ),
    )


@innocent()
def tls_by_a_lookup() -> None:
    bricks.web(bricks.network())
    policy = aws.iam.get_policy_document(
        statements=[
            {
                "sid": "TlsOnly",
                "effect": "Deny",
                "actions": ["s3:*"],
                "resources": [
                    "arn:aws:s3:::shop-pictures-eu-west-1",
                    "arn:aws:s3:::shop-pictures-eu-west-1/*",
                ],
                "principals": [{"type": "*", "identifiers": ["*"]}],
                "conditions": [
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}
                ],
            }
        ]
    )
    hardened("pictures", policy.json)


@innocent()
def tls_of_a_version() -> None:
    """Two denials: no TLS, and TLS that is too old. The condition's key is not case-sensitive."""
    bricks.web(bricks.network())
    hardened(
        "pictures",
        bricks.document(
            denial(Condition={"Bool": {"AWS:SecureTransport": False}}),
            denial(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        ),
    )


@innocent(engine=True)
def logs_of_the_balancer() -> None:
    """Access logs in a bucket of their own, kept for a quarter."""
    logs = aws.s3.Bucket("logs")
    aws.s3.BucketPublicAccessBlock(
        "logs-block",
        bucket=logs.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        "logs-encryption",
        bucket=logs.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
    )
    written = aws.s3.BucketPolicy(
        "logs-policy",
        bucket=logs.id,
        policy=logs.arn.apply(
            lambda arn: bricks.document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": f"{arn}/AWSLogs/*",
                },
                denial(Resource=[arn, f"{arn}/*"]),
            )
        ),
    )
    aws.s3.BucketLifecycleConfiguration(
        "logs-expire",
        bucket=logs.id,
        rules=[
            {
                "id": "quarter",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": 90},
            }
        ],
    )
    bricks.web(
        bricks.network(),
        {
            "access_logs": {"bucket": logs.bucket, "enabled": True},
            "opts": pulumi.ResourceOptions(depends_on=[written]),
        },
    )
