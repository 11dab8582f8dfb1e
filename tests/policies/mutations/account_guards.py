"""What breaks the rule about guards of an account."""

from __future__ import annotations

from tests.policies.mutations.edge_buckets import SWITCHES
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"


def blocked(stack, **changes):
    stack.add("account", BLOCK, {**dict.fromkeys(SWITCHES, True), **changes})


@breaks("account-guards-on")
def buckets_of_the_account_may_be_public(stack):
    blocked(stack, blockPublicPolicy=False, restrictPublicBuckets=False)


@breaks("account-guards-on")
def snapshots_of_the_account_may_be_public(stack):
    kind = "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess"
    stack.add("account", kind, {"state": "unblocked"})


decides(
    "account-guards-on", "account", "blockPublicAcls", absent=BREAKS, unknown=KEEPS, given=blocked
)


def passwords(stack, length=14):
    kind = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
    stack.add("passwords", kind, {"minimumPasswordLength": length})


@breaks("iam-password-policy")
def passwords_of_six(stack):
    passwords(stack, length=6)


decides(
    "iam-password-policy",
    "passwords",
    "minimumPasswordLength",
    absent=BREAKS,
    unknown=KEEPS,
    given=passwords,
)
