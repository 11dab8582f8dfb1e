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
