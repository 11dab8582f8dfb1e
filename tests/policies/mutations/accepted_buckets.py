"""What Amazon S3 refuses about the parts of a bucket."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

CONTROLS = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"


def _listed(stack):
    stack.add("list", "aws:s3/bucketAcl:BucketAcl", {"bucket": Ref("bucket"), "acl": "private"})
    rule = {"objectOwnership": "BucketOwnerPreferred"}
    stack.add("owner", CONTROLS, {"bucket": Ref("bucket"), "rule": rule})


@breaks("s3-parts-accepted")
def access_list_of_a_bucket_without_lists(stack):
    stack.add("list", "aws:s3/bucketAcl:BucketAcl", {"bucket": Ref("bucket"), "acl": "private"})


decides("s3-parts-accepted", "owner", "rule", absent=KEEPS, unknown=KEEPS, given=_listed)
