"""What breaks the rule about members of a cluster."""

from __future__ import annotations

from tests.policies.mutations.data_stores import sound_cluster
from tests.policies.mutations.registry import ADVISORY, KEEPS, MANDATORY, breaks, decides


@breaks("data-store-failover-size", ADVISORY, production=MANDATORY)
def failover_onto_a_smaller_one(stack):
    sound_cluster(stack)
    stack.set("aurora-1", "instanceClass", "db.r7g.large")
    stack.set("aurora-0", "instanceClass", "db.r7g.4xlarge")


decides(
    "data-store-failover-size",
    "aurora-1",
    "instanceClass",
    absent=KEEPS,
    unknown=KEEPS,
    given=sound_cluster,
)


def zones(stack, *names):
    """Name zones of a sound Aurora cluster."""
    sound_cluster(stack)
    stack.set("aurora", "availabilityZones", [f"ap-northeast-2{name}" for name in names])
    return stack


@breaks("aurora-zones-settle")
def aurora_names_two_of_its_zones(stack):
    zones(stack, "a", "b")


decides(
    "aurora-zones-settle",
    "aurora",
    "availabilityZones",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: zones(stack, "a", "b", "c"),
)
