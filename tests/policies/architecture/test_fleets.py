"""Fleets: which groups serve together, and what is left of them after the loss of a zone."""

from __future__ import annotations

import math

from guardrails.architecture.fleets import Fleets
from guardrails.architecture.serving import Serving
from guardrails.values import UNKNOWN
from hypothesis import given
from hypothesis import strategies as st

from tests.policies.draft import Draft

GROUP = "aws:autoscaling/group:Group"
ATTACHMENT = "aws:autoscaling/attachment:Attachment"
TRAFFIC = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"

ZONES = [f"zone-{letter}" for letter in "abcd"]
SIZES = st.lists(
    st.tuples(st.integers(0, 12), st.sets(st.sampled_from(ZONES), min_size=1)),
    min_size=1,
    max_size=4,
)


def fleet_of(groups):
    """The fleet of groups behind one target group, each with a size and zones."""
    draft = Draft().drop("group")
    for number, (size, zones) in enumerate(groups):
        draft.add(f"group-{number}", GROUP, {"minSize": float(size), "availabilityZones": sorted(zones),
                                             "targetGroupArns": ["arn:shared"]})  # fmt: skip
    (fleet,) = draft.build().derived(Serving).fleets
    return fleet


@given(groups=SIZES)
def test_what_is_left_is_what_the_other_zones_run(groups):
    """Against a count of single instances, spread evenly, the lost zone with one more."""
    fleet = fleet_of(groups)
    left = fleet.after_zone_loss(lambda group: group.minimum).left
    spanned = sorted({zone for _, zones in groups for zone in zones})
    counted = [
        sum(size - (math.ceil(size / len(zones)) if zone in zones else 0) for size, zones in groups)
        for zone in spanned
    ]
    assert left == min(counted)


@given(groups=SIZES)
def test_a_further_instance_never_leaves_fewer(groups):
    more = [(groups[0][0] + 1, groups[0][1]), *groups[1:]]
    before, after = (
        fleet_of(one).after_zone_loss(lambda group: group.minimum).left for one in (groups, more)
    )
    assert after >= before


def fleets(draft):
    return draft.build().derived(Fleets)


def serving(draft):
    return draft.build().derived(Serving)


def test_groups_are_attached_inline_or_by_attachments_or_sources():
    draft = Draft().leave_out("group", "targetGroupArns")
    assert not fleets(draft).groups[0].attached
    for kind, properties, prop in (
        (ATTACHMENT, {"lbTargetGroupArn": UNKNOWN}, "lbTargetGroupArn"),
        (TRAFFIC, {"trafficSource": {"identifier": UNKNOWN, "type": "elbv2"}}, "trafficSource"),
    ):
        joined = Draft().leave_out("group", "targetGroupArns")
        joined.add("join", kind, {"autoscalingGroupName": UNKNOWN, **properties},
                   {"autoscalingGroupName": ["group"], prop: ["target-group"]})  # fmt: skip
        (target,) = fleets(joined).groups[0].target_groups
        assert target.name == "target-group"


def test_a_target_group_of_another_stack_makes_a_group_serve():
    draft = (
        Draft().set("group", "targetGroupArns", ["arn:elsewhere"]).link("group", "targetGroupArns")
    )
    (group,) = serving(draft).groups
    assert group.outside == ("arn:elsewhere",)


def test_a_classic_load_balancer_makes_a_group_serve():
    draft = Draft().leave_out("group", "targetGroupArns").set("group", "loadBalancers", ["classic"])
    assert fleets(draft).groups[0].attached


def test_workers_do_not_serve_beside_a_group_that_does():
    draft = Draft().add("workers", GROUP, {"minSize": 1.0})
    assert [group.name for group in serving(draft).groups] == ["group"]
    alone = draft.leave_out("group", "targetGroupArns").drop("deployment-group")
    assert [group.name for group in serving(alone).groups] == ["group", "workers"]


def test_weighted_capacity_counts_instances():
    draft = Draft().set("group", "minSize", 10.0)
    overrides = [{"instanceType": "a", "weightedCapacity": "4"}, {"instanceType": "b"}]
    draft.set("group", "mixedInstancesPolicy.launchTemplate.overrides", overrides)
    assert fleets(draft).groups[0].minimum == 3
