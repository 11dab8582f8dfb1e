"""The bucket of revisions, and the revision of this checkout in it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.bundle import Bundle
from components.policy_documents import tls_only
from components.tags import Tags


@dataclass(frozen=True, kw_only=True)
class RevisionStoreArgs:
    """`keep` refuses to delete the bucket while it holds revisions."""

    bundle: Bundle
    keep: bool
    tags: Tags


class RevisionStore(Component):
    """A private, versioned, encrypted, TLS-only bucket with content-addressed revisions.

    An instance that Auto Scaling launches gets the last *successful* revision, and a rollback the
    one before: an old key must stay readable when a new one is uploaded. Hence a key per content,
    and `retain_on_delete`: the object that is replaced stays, until the bucket goes.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    key: pulumi.Output[str]
    digest: str

    def __init__(
        self, name: str, args: RevisionStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__("revision:RevisionStore", name, {"digest": args.bundle.digest}, opts)
        bucket = aws.s3.Bucket(
            f"{name}-bucket", force_destroy=not args.keep, tags=dict(args.tags), opts=self.child()
        )
        self.bucket_name = bucket.id
        self.bucket_arn = bucket.arn
        self.digest = args.bundle.digest
        guards = self._guard(name, bucket)
        revision = aws.s3.BucketObjectv2(
            f"{name}-object",
            bucket=bucket.id,
            key=args.bundle.key,
            source=pulumi.FileAsset(str(args.bundle.path)),
            source_hash=args.bundle.digest,
            content_type="application/zip",
            opts=self.child(depends_on=guards, retain_on_delete=True),
        )
        self.key = revision.key
        self.finish({"bucketName": self.bucket_name, "key": self.key})

    def _guard(self, name: str, bucket: aws.s3.Bucket) -> list[pulumi.Resource]:
        """Everything that has to hold before the first object comes in."""
        private = aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        return [
            private,
            aws.s3.BucketVersioning(
                f"{name}-versions",
                bucket=bucket.id,
                versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(
                    status="Enabled"
                ),
                opts=self.child(),
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
                opts=self.child(),
            ),
            aws.s3.BucketPolicy(
                f"{name}-tls",
                bucket=bucket.id,
                policy=bucket.arn.apply(tls_only),
                # S3 answers 409 when a policy and the access block change at the same moment.
                opts=self.child(depends_on=[private]),
            ),
        ]
