"""Instance types and Spot capacity."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-multiple-instance-types", lambda d: d.set("group", "mixedInstancesPolicy", ...)
        .set("group", "launchTemplate", {"id": UNKNOWN})
        .link("group", "launchTemplate", "template")),
    ("asg-multiple-instance-types", lambda d: d
        .set("group", "mixedInstancesPolicy.launchTemplate.overrides", UNKNOWN)),
    ("asg-multiple-instance-types", lambda d: d
        .set("group", "mixedInstancesPolicy.launchTemplate.overrides.1.instanceType", UNKNOWN)),
    ("asg-multiple-instance-types", lambda d: d
        .set("group", "mixedInstancesPolicy.launchTemplate.overrides.1.instanceType", "t4g.nano")),
    ("asg-capacity-rebalance", lambda d: d.set("group",
        "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity", 0)),
    ("asg-capacity-rebalance", lambda d: d.set("group",
        "mixedInstancesPolicy.instancesDistribution",
        {"onDemandBaseCapacity": 6.0, "onDemandPercentageAboveBaseCapacity": UNKNOWN})),
    ("asg-capacity-rebalance", lambda d: d.set("group",
        "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity", 50)
        .set("group", "capacityRebalance", UNKNOWN)),
    ("asg-capacity-rebalance", lambda d: d.add("workers", "aws:autoscaling/group:Group",
        {"minSize": 1, "maxSize": 3, "mixedInstancesPolicy": {"launchTemplate": {
            "launchTemplateSpecification": {"version": UNKNOWN},
            "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "m7g.xlarge"}]},
         "instancesDistribution": {"onDemandPercentageAboveBaseCapacity": 0}}})),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("group", "mixedInstancesPolicy.launchTemplate.overrides",
        [{"instanceRequirements": {"vcpuCount": {"min": 2.0}}}]),
    lambda d: d.set("group", "mixedInstancesPolicy.instancesDistribution",
        {"onDemandBaseCapacity": 2.0, "onDemandPercentageAboveBaseCapacity": 0})
        .set("group", "capacityRebalance", True),
    lambda d: d.set("group", "mixedInstancesPolicy.instancesDistribution",
        {"onDemandPercentageAboveBaseCapacity": 100.0}),
]  # fmt: skip
