"""What breaks the rules about the capacity of the instances."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

decides(
    "asg-multiple-instance-types",
    "group",
    "mixedInstancesPolicy.launchTemplate.overrides",
    absent=BREAKS,
    unknown=BREAKS,
)
decides(
    "asg-capacity-rebalance",
    "group",
    "mixedInstancesPolicy.instancesDistribution",
    absent=KEEPS,
    unknown=KEEPS,
)


@breaks("asg-multiple-instance-types", ADVISORY)
def one_instance_type(stack):
    stack.set("group", "mixedInstancesPolicy", ...)
    stack.set("group", "launchTemplate", {"id": Ref("template")})


@breaks("asg-capacity-rebalance", ADVISORY)
def spot_without_rebalancing(stack):
    share = {"onDemandBaseCapacity": 2, "onDemandPercentageAboveBaseCapacity": 0}
    stack.set("group", "mixedInstancesPolicy.instancesDistribution", share)
