"""Images and snapshots."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.shared_copies import PERMISSION, SNAPSHOT
from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "copies-not-public"
CLUSTER = "aws:rds/clusterSnapshot:ClusterSnapshot"


def copy(kind, **more):
    return lambda d: d.add("further", kind, more)


# A change and the one rule that it breaks.
BREAKS = [(RULE, alone(CLUSTER, sharedAccounts=["210987654321", "all"]))]

# A change that breaks nothing.
KEEPS = [
    copy(PERMISSION, accountId="210987654321"),
    copy(PERMISSION, organizationArn="arn:aws:organizations::1:organization/o-1"),
    copy(SNAPSHOT, sharedAccounts=["210987654321"]),
    copy(SNAPSHOT, sharedAccounts=UNKNOWN),
    copy(SNAPSHOT),
]
