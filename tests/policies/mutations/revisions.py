"""What breaks the rule about the retention of revisions."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

decides("s3-revision-never-expires", "bucket", "lifecycleRules", absent=KEEPS, unknown=KEEPS)


@breaks("s3-revision-never-expires")
def revisions_expire(stack):
    rule = {"id": "old", "status": "Enabled", "expiration": {"days": 30}}
    stack.add("lifecycle", LIFECYCLE, {"bucket": Ref("bucket"), "rules": [rule]})


@breaks("s3-revision-never-expires")
def revisions_are_archived(stack):
    transition = {"days": 90, "storageClass": "DEEP_ARCHIVE"}
    rule = {"id": "cold", "status": "Enabled", "transitions": [transition]}
    stack.add("lifecycle", LIFECYCLE, {"bucket": Ref("bucket"), "rules": [rule]})
