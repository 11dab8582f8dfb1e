"""Members of a cluster: who takes over."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.cluster_members import zones
from tests.policies.mutations.data_stores import sound_cluster
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "data-store-failover-size"


def members(*given):
    """Members by class and promotion tier."""

    def change(draft):
        sound_cluster(draft, instances=len(given))
        if SERVERLESS in dict(given):
            units = {"minCapacity": 1, "maxCapacity": 8}
            draft.set("aurora", "serverlessv2ScalingConfiguration", units)
        for number, (kind, tier) in enumerate(given):
            draft.set(f"aurora-{number}", "instanceClass", kind)
            if tier is not None:
                draft.set(f"aurora-{number}", "promotionTier", tier)
        return draft

    return change


BIG, SMALL, SERVERLESS = "db.r7g.2xlarge", "db.r7g.large", "db.serverless"

BREAKS = [
    # The tier decides before the size.
    (RULE, members((BIG, 0), (BIG, 15), (SMALL, 1))),
    (RULE, members((SMALL, 0), (BIG, 0))),
    (RULE, members((SERVERLESS, 0), (SERVERLESS, 2))),
]

KEEPS = [
    members((BIG, None), (BIG, None), (SMALL, None)),  # of one tier the largest takes over
    members((BIG, 0), (BIG, 1), (SMALL, 15)),
    members(("db.r7g.2xlarge", 0), ("db.r6g.2xlarge", 0)),  # another generation, the same size
    members((BIG, 0), (UNKNOWN, 0)),
    members((SERVERLESS, 0), (SERVERLESS, 1), (SERVERLESS, 15)),
    members((SERVERLESS, None), (SERVERLESS, None)),
    lambda d: zones(d, "a", "b", "c"),
    lambda d: zones(d, "a", "b").option("aurora", ignored=("availabilityZones",)),
    lambda d: zones(d, "a", "b").set("aurora", "availabilityZones", [UNKNOWN]),
]


def test_who_takes_over_is_named():
    (found,) = violations(members((BIG, 0), (BIG, 15), (SMALL, 1))(Draft()), RULE)
    assert '"aurora-2" takes over' in found.what
