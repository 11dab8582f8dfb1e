"""What breaks the rule about permissions on objects."""

from __future__ import annotations

from tests.policies.mutations.accepted_identities import document
from tests.policies.mutations.registry import KEEPS, breaks, decides

POLICY = "aws:iam/rolePolicy:RolePolicy"


def writing(stack, *resources, action="s3:PutObject"):
    """Let a role of another stack write to a bucket."""
    allowed = {"Effect": "Allow", "Action": [action, "s3:ListBucket"]}
    given = document({**allowed, "Resource": list(resources or ("arn:aws:s3:::exports/*",))})
    stack.add("writes", POLICY, {"role": "exporter", "policy": given})


@breaks("iam-objects-named")
def bucket_written_without_its_objects(stack):
    writing(stack, "arn:aws:s3:::exports")


decides("iam-objects-named", "writes", "policy", absent=KEEPS, unknown=KEEPS, given=writing)
