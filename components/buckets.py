"""The hardening that every bucket of a stack shares: private, versioned, encrypted, TLS-only."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.base import Component

ABORT_DAYS = 7
"""Age at which the parts of an unfinished upload are deleted; they are billed and invisible."""

Rule = aws.s3.BucketLifecycleConfigurationRuleArgs


def harden_bucket(
    owner: Component, name: str, bucket: aws.s3.Bucket, policy: pulumi.Output[str]
) -> list[pulumi.Resource]:
    """Create what has to be in place before the first object is stored, as children of `owner`.

    Args:
        owner: The component that the bucket belongs to.
        name: The prefix of the resources' names.
        bucket: The bucket to harden.
        policy: The bucket policy, which should include denying plain HTTP.
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
    hardening: list[pulumi.Resource],
    rules: list[Rule],
) -> None:
    """Create the bucket's lifecycle, after the versioning that its rules refer to (provider docs)."""
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.id,
        rules=rules,
        opts=owner.child(depends_on=hardening),
    )


def abort_uploads(prefix: str) -> Rule:
    """Return a rule that deletes unfinished uploads and expires no object."""
    return Rule(
        id="abort-unfinished-uploads",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=ABORT_DAYS
        ),
    )


def expire(prefix: str, *, days: int) -> Rule:
    """Return a rule that expires objects after `days`, and noncurrent versions one day later."""
    return Rule(
        id="expire-objects",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=prefix),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
        noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
            noncurrent_days=1
        ),
    )
