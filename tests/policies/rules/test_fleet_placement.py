"""On which capacity, and where, a fleet is placed."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, broken, undecided, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
DISTRIBUTION = "mixedInstancesPolicy.instancesDistribution"


def placed(draft, strategy):
    """The group launches into a placement group."""
    return draft.add("rack", PLACEMENT, {"strategy": strategy}).set("group", "placementGroup", UNKNOWN
                     ).link("group", "placementGroup", "rack")  # fmt: skip


def on_demand_beside_spot(draft):
    """A second group, On-Demand, behind the same target group."""
    draft.twin("group", "spot").set("spot", DISTRIBUTION,
        {"onDemandBaseCapacity": 0.0, "onDemandPercentageAboveBaseCapacity": 0.0})  # fmt: skip
    draft.set("spot", "capacityRebalance", True)
    draft.link("deployment-group", "autoscalingGroups", "group", "spot")
    return draft.set("deployment-group", "autoscalingGroups", [UNKNOWN, UNKNOWN])


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-on-demand-base", lambda d: d.set("group", DISTRIBUTION,
        {"onDemandPercentageAboveBaseCapacity": UNKNOWN}).set("group", "capacityRebalance", True)),
    ("asg-placement-spans-zones", lambda d: placed(d, "cluster")),
    ("asg-placement-spans-zones", lambda d: placed(d, UNKNOWN)),
    ("asg-placement-spans-zones", lambda d: d.set("group", "placementGroup", "elsewhere")),
    ("asg-placement-spans-zones", lambda d: d.set("group", "placementGroup", UNKNOWN)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: placed(d, "spread"),
    lambda d: placed(d, "partition"),
    on_demand_beside_spot,
    lambda d: d.set("group", DISTRIBUTION, {"onDemandBaseCapacity": 2.0,
        "onDemandPercentageAboveBaseCapacity": 0.0}).set("group", "capacityRebalance", True),
    lambda d: d.set("group", DISTRIBUTION, {"onDemandPercentageAboveBaseCapacity": 25.0})
        .set("group", "capacityRebalance", True),
    lambda d: d.set("template", "placement", {"tenancy": "default"}),
    lambda d: d.add("workers", "aws:autoscaling/group:Group", {"minSize": 0.0, "maxSize": 9.0,
        "capacityRebalance": True, "placementGroup": "fast",
        "mixedInstancesPolicy": {"instancesDistribution": {"onDemandPercentageAboveBaseCapacity": 0.0},
            "launchTemplate": {"launchTemplateSpecification": {"version": UNKNOWN},
            "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "m7g.xlarge"}]}}}),
]  # fmt: skip


def test_the_remedy_ends_it():
    draft = Draft().set("group", DISTRIBUTION + ".onDemandPercentageAboveBaseCapacity", 0.0)
    draft.set("group", "capacityRebalance", True)
    draft.set("group", DISTRIBUTION + ".onDemandBaseCapacity", 0.0)
    (found,) = violations(draft, "asg-on-demand-base")
    assert "0 of 6 are On-Demand" in found.what
    assert not broken(draft.set("group", DISTRIBUTION + ".onDemandBaseCapacity", 2.0))


def test_the_path_leads_to_the_one_zone():
    (found,) = violations(placed(Draft(), "cluster"), "asg-placement-spans-zones")
    assert found.path == ('"group"', 'placement group "rack"', "one zone")


def test_a_template_that_asks_for_spot_counts():
    draft = Draft().set("group", "mixedInstancesPolicy", ...)
    draft.set("group", "launchTemplate", {"id": UNKNOWN, "version": UNKNOWN})
    draft.link("group", "launchTemplate", "template")
    assert not violations(draft, "asg-on-demand-base")
    draft.set("template", "instanceMarketOptions", {"marketType": "spot"})
    (found,) = violations(draft, "asg-on-demand-base")
    # Beside a mixed policy AWS refuses a template that asks for Spot.
    assert 'remove instance_market_options of launch template "template"' in (found.remedy or "")
    assert not violations(draft, "asg-capacity-rebalance")


def test_where_several_are_left_a_load_test_has_to_say_whether_they_suffice():
    strategy = {"capacityDistributionStrategy": "balanced-only"}
    draft = Draft().set("group", "availabilityZoneDistribution", strategy)
    assert undecided(draft) == {"asg-launches-in-other-zones"}
    strategy = {"capacityDistributionStrategy": "balanced-best-effort"}
    assert not broken(draft.set("group", "availabilityZoneDistribution", strategy))
