"""What is left of a fleet: after the loss of a zone, and by its schedule."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, broken, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
]

GROUP = "aws:autoscaling/group:Group"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
WORKERS = {
    "minSize": 0.0,
    "maxSize": 3.0,
    "vpcZoneIdentifiers": [UNKNOWN],
    "mixedInstancesPolicy": {"launchTemplate": {
        "launchTemplateSpecification": {"version": UNKNOWN},
        "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "m7g.xlarge"}],
    }},
}  # fmt: skip


def workers(draft):
    """Workers without a load balancer, in one zone, perhaps none of them."""
    return draft.add("workers", GROUP, WORKERS, {"vpcZoneIdentifiers": ["subnet-a"],
                                                 "mixedInstancesPolicy": ["template"]})  # fmt: skip


def schedule(draft, group="group", **sizes):
    """A scheduled action of a group."""
    return draft.add("action", SCHEDULE, {"autoscalingGroupName": UNKNOWN, **sizes},
                     {"autoscalingGroupName": [group]})  # fmt: skip


def blue_and_green(draft, idle_weight=0, resolved=True):
    """A second group and target group, to which the listener sends nothing."""
    draft.twin("group", "green").twin("target-group", "green-targets")
    for part in ("target-group", "green-targets"):
        draft.set(part, "arn", f"arn:{part}" if resolved else UNKNOWN)
    draft.set("deployment-group", "deploymentConfigName", "CodeDeployDefault.OneAtATime")
    # Twelve further batches, in which an alarm can go off.
    draft.set("group", "minSize", 13.0).set("group", "desiredCapacity", 13.0)
    draft.set("group", "maxSize", 15.0)
    draft.set("green", "minSize", 0.0).link("green", "targetGroupArns", "green-targets")
    draft.link("deployment-group", "autoscalingGroups", "group", "green")
    draft.set("deployment-group", "autoscalingGroups", [UNKNOWN, UNKNOWN])
    draft.link("deployment-group", "loadBalancerInfo", "target-group", "green-targets")
    infos = [{"name": UNKNOWN}, {"name": UNKNOWN}]
    draft.set("deployment-group", "loadBalancerInfo", {"targetGroupInfos": infos})
    arns = ["arn:target-group", "arn:green-targets"] if resolved else [UNKNOWN, UNKNOWN]
    targets = [{"arn": arns[0], "weight": 100.0}, {"arn": arns[1], "weight": idle_weight}]
    draft.link("https", "defaultActions", "target-group", "green-targets")
    draft.set("green", "targetGroupArns", [arns[1]]).set("group", "targetGroupArns", [arns[0]])
    draft.link("green", "targetGroupArns", "green-targets")
    draft.link("group", "targetGroupArns", "target-group")
    draft.set(
        "https", "defaultActions", [{"type": "forward", "forward": {"targetGroups": targets}}]
    )
    return draft.link("https", "defaultActions", "target-group", "green-targets")


def least(draft, size):
    """A group that may shrink to so many, deployed to in a way that is possible with one as well."""
    draft.set("deployment-group", "deploymentConfigName", "CodeDeployDefault.HalfAtATime")
    return draft.set("group", "minSize", size)


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-survives-zone-loss", lambda d: least(d, 1.0)),
    ("asg-survives-zone-loss", lambda d: d.set("group", "minSize", UNKNOWN)),
    ("asg-survives-zone-loss", lambda d: d.set("group", "desiredCapacityType", "vcpu")),
    ("asg-survives-zone-loss", lambda d: least(workers(d), 0.0)),
    ("asg-survives-zone-loss", lambda d: least(d, 1.0).twin("group", "second")
        .set("group", "minSize", 0.0).link("deployment-group", "autoscalingGroups", "group", "second")
        .set("deployment-group", "autoscalingGroups", [UNKNOWN, UNKNOWN])),
    ("asg-schedule-keeps-capacity", lambda d: schedule(d, minSize=-1, maxSize=-1, desiredCapacity=1)),
    ("asg-schedule-keeps-capacity", lambda d: schedule(d, minSize=0, maxSize=-1, desiredCapacity=-1)),
    ("asg-schedule-keeps-capacity", lambda d: schedule(d, maxSize=9, desiredCapacity=6)),
    ("asg-schedule-keeps-capacity", lambda d: schedule(d, minSize=UNKNOWN, maxSize=9,
        desiredCapacity=6).link("action", "minSize", "vpc")),
    ("asg-survives-zone-loss", lambda d: blue_and_green(d, resolved=False)
        .set("green", "minSize", 1.0)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    workers,
    blue_and_green,
    lambda d: schedule(workers(d), "workers", minSize=0, maxSize=0, desiredCapacity=0),
    lambda d: d.set("group", "minSize", 2.0),
    lambda d: d.set("group", "desiredCapacity", ...),
    lambda d: d.set("group", "desiredCapacity", UNKNOWN),
    lambda d: d.set("group", "desiredCapacityType", "units"),
    lambda d: d.set("group", "warmPool", {"minSize": 1.0, "poolState": "Stopped"}),
    lambda d: schedule(d, minSize=12, maxSize=24, desiredCapacity=12),
    lambda d: schedule(d, minSize=-1, maxSize=24, desiredCapacity=-1),
    lambda d: schedule(d, minSize=2, maxSize=-1, desiredCapacity=-1),
]  # fmt: skip


# A change after which exactly this rule cannot be decided.
UNDECIDED = [
    ("asg-survives-zone-loss", lambda d: blue_and_green(d, resolved=False)),
]


def test_where_both_are_too_small_it_does_not_matter_whose_weight_is_0():
    draft = blue_and_green(Draft(), resolved=False).set("group", "minSize", 1.0)
    found = violations(draft, "asg-survives-zone-loss")
    assert [one.undecided for one in found] == [False, False]


def two_groups(draft, first, second):
    """Two groups behind the same target group, each across both zones."""
    draft.twin("group", "second").set("second", "minSize", second).set("group", "minSize", first)
    draft.link("deployment-group", "autoscalingGroups", "group", "second")
    return draft.set("deployment-group", "autoscalingGroups", [UNKNOWN, UNKNOWN])


@pytest.mark.parametrize(("first", "second", "kept"), [(2.0, 0.0, True), (1.0, 0.0, False)])
def test_groups_of_one_target_group_stand_in_for_each_other(first, second, kept):
    draft = two_groups(Draft(), first, second)
    assert (not violations(draft, "asg-survives-zone-loss")) == kept


@pytest.mark.parametrize(("size", "need", "kept"), [(2, 1, True), (6, 3, True), (5, 3, False)])
def test_the_need_can_be_stated(size, need, kept):
    draft = Draft().set("group", "minSize", float(size))
    found = violations(draft, "asg-survives-zone-loss", instancesAfterZoneLoss=need)
    assert (not found) == kept


def test_the_remedy_is_the_smallest_size_that_survives():
    draft = Draft().set("group", "minSize", 1.0)
    (found,) = violations(draft, "asg-survives-zone-loss")
    assert found.remedy == ("set min_size to 2 or more, desired_capacity and max_size to no less.")
    assert found.path[0].startswith("loss of ap-northeast-2")
    assert not broken(draft.set("group", "minSize", 2.0))


def test_what_is_not_known_is_not_decided():
    (found,) = violations(Draft().set("group", "minSize", UNKNOWN), "asg-survives-zone-loss")
    assert found.undecided
    green = blue_and_green(Draft(), resolved=False).set("green", "minSize", 1.0)
    (found,) = violations(green, "asg-survives-zone-loss")
    assert found.undecided
