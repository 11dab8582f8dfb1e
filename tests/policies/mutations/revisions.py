"""What breaks the rule about the retention of revisions."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, MANDATORY, breaks, decides

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

decides("s3-revision-never-expires", "bucket", "lifecycleRules", absent=KEEPS, unknown=KEEPS)

decides("s3-revision-versions-kept", "bucket", "lifecycleRules", absent=KEEPS, unknown=KEEPS)
decides("s3-revision-immutable", "object", "key", absent=BREAKS, unknown=KEEPS)
decides("s3-revision-bucket-kept", "bucket", "forceDestroy", absent=KEEPS, unknown=BREAKS)


@breaks("s3-revision-never-expires")
def revisions_expire(stack):
    rule = {"id": "old", "status": "Enabled", "expiration": {"days": 30}}
    stack.add("lifecycle", LIFECYCLE, {"bucket": Ref("bucket"), "rules": [rule]})


@breaks("s3-revision-never-expires")
def revisions_are_archived(stack):
    transition = {"days": 90, "storageClass": "DEEP_ARCHIVE"}
    rule = {"id": "cold", "status": "Enabled", "transitions": [transition]}
    stack.add("lifecycle", LIFECYCLE, {"bucket": Ref("bucket"), "rules": [rule]})


@breaks("s3-revision-versions-kept")
def overwritten_revisions_expire(stack):
    stack.set("object", "key", "revisions/app.zip")
    rule = {
        "id": "old",
        "status": "Enabled",
        "noncurrentVersionExpiration": {"noncurrentDays": 7},
    }
    stack.add("lifecycle", LIFECYCLE, {"bucket": Ref("bucket"), "rules": [rule]})


@breaks("s3-revision-immutable", ADVISORY, production=MANDATORY)
def latest_revision(stack):
    stack.set("object", "key", "revisions/latest.zip")


@breaks("s3-revision-immutable", ADVISORY, production=MANDATORY)
def current_revision(stack):
    stack.set("object", "key", "current/app.zip")


@breaks("s3-revision-bucket-kept", ADVISORY, production=MANDATORY)
def bucket_goes_with_its_revisions(stack):
    stack.set("bucket", "forceDestroy", True)
