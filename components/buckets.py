"""What makes a bucket private, encrypted and TLS-only: the same for every bucket of a stack."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.base import Component

ABORT_DAYS = 7
"""When the parts of an upload that never ended are thrown away; they are billed and invisible."""

Rule = aws.s3.BucketLifecycleConfigurationRuleArgs


def guard_bucket(
    owner: Component, name: str, bucket: aws.s3.Bucket, policy: pulumi.Output[str]
) -> list[pulumi.Resource]:
    """Everything that has to hold before the first object comes in, as children of `owner`.

    `policy` is the bucket's, of which refusing plain HTTP should be a part.
    """
    private = aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=owner.child(),
    )
    return [
        private,
        aws.s3.BucketVersioning(
            f"{name}-versions",
            bucket=bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                status="Enabled"
            ),
            opts=owner.child(),
        ),
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket.id,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="AES256"
                    )
                )
            ],
            opts=owner.child(),
        ),
        aws.s3.BucketPolicy(
            f"{name}-tls",
            bucket=bucket.id,
            policy=policy,
            # S3 answers 409 when a policy and the access block change at the same moment.
            opts=owner.child(depends_on=[private]),
        ),
    ]


def lifecycle(
    owner: Component,
    name: str,
    bucket: aws.s3.Bucket,
    guards: list[pulumi.Resource],
    rules: list[Rule],
) -> None:
    """The bucket's lifecycle; after its versioning, to which the rules refer (provider docs)."""
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.id,
        rules=rules,
        opts=owner.child(depends_on=guards),
    )


def abort_uploads(prefix: str) -> Rule:
    """Throws unfinished uploads away, and expires no object."""
    return Rule(
        id="abort-unfinished-uploads",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=ABORT_DAYS
        ),
    )


def expire(prefix: str, *, days: int) -> Rule:
    """Expires objects `days` after they came, and the versions that this leaves behind at once."""
    return Rule(
        id="expire-objects",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=1
        ),
    )
