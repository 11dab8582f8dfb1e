"""The bucket of revisions, with the revision built from this checkout."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import buckets
from components.base import Component
from components.iam_documents import REVISION_PREFIX, tls_only
from components.revision.bundle import Bundle
from components.tags import Tags


@dataclass(frozen=True, kw_only=True)
class RevisionStoreArgs:
    """Arguments of `RevisionStore`.

    Attributes:
        bundle: The revision to upload.
        keep: Whether deleting the bucket fails while it holds revisions.
        tags: Tags of every resource.
    """

    bundle: Bundle
    keep: bool
    tags: Tags


class RevisionStore(Component):
    """A private, versioned, encrypted, TLS-only bucket with content-addressed revisions.

    An instance that Auto Scaling launches gets the last *successful* revision, and a rollback the
    one before, so an old key must stay readable when a new one is uploaded. Hence a key per content,
    and `retain_on_delete`: a replaced object stays until the bucket is deleted.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    key: pulumi.Output[str]
    digest: str

    def __init__(
        self, name: str, args: RevisionStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("deployment:RevisionStore", name, {"digest": args.bundle.digest}, opts)
        bucket = aws.s3.Bucket(
            f"{name}-bucket", force_destroy=not args.keep, tags=dict(args.tags), opts=self.child()
        )
        self.bucket_name = bucket.id
        self.bucket_arn = bucket.arn
        self.digest = args.bundle.digest
        hardening = buckets.harden_bucket(self, name, bucket, bucket.arn.apply(tls_only))
        # Nothing expires here, not even noncurrent versions: a deployment pins the version of its
        # revision, and only CodeDeploy knows which was the last successful one. Without it the
        # Auto Scaling group could not launch any instance (CodeDeploy user guide, troubleshooting
        # Auto Scaling issues, "deployment deadlock").
        buckets.lifecycle(self, name, bucket, hardening, [buckets.abort_uploads(REVISION_PREFIX)])
        revision = aws.s3.BucketObjectv2(
            f"{name}-object",
            bucket=bucket.id,
            key=args.bundle.key,
            source=pulumi.FileAsset(str(args.bundle.path)),
            source_hash=args.bundle.digest,
            content_type="application/zip",
            opts=self.child(depends_on=hardening, retain_on_delete=True),
        )
        self.key = revision.key
        self.register({"bucketName": self.bucket_name, "key": self.key})
