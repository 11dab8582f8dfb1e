"""The bucket of revisions, and the revision of this checkout in it."""

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
        guards = buckets.guard_bucket(self, name, bucket, bucket.arn.apply(tls_only))
        # Nothing expires here, not even versions that are no longer current: a deployment pins the
        # version of its revision, and which one is the last good one only CodeDeploy knows. An
        # expired one would be a fleet that can launch no instance (CodeDeploy user guide,
        # troubleshooting of Auto Scaling issues, "deployment deadlock").
        buckets.lifecycle(self, name, bucket, guards, [buckets.abort_uploads(REVISION_PREFIX)])
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
