"""Availability Zones that a resource spans: certainly, and at most."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import BY_ID, Draft, Ref, violations

SUBNET = "aws:ec2/subnet:Subnet"
PEOPLE = {
    "asg-multi-az": ("group", "vpcZoneIdentifiers"),
    "elbv2-multi-az": ("load-balancer", "subnets"),
}


def only(draft, rule="asg-multi-az", **config):
    """The one violation of a rule, with its text."""
    (found,) = violations(draft, rule, **config)
    return found, BY_ID[rule].text(found)


def test_a_zone_that_is_left_to_aws_does_not_count():
    draft = Draft().leave_out("subnet-b", "availabilityZone")
    found, text = only(draft)
    assert (
        'spans 1 Availability Zone for certain (ap-northeast-2a; the zone of subnet "subnet-b"'
        in found.what
    )
    assert not found.undecided
    assert 'set availability_zone of subnet "subnet-b"' in text


def test_a_zone_that_comes_from_elsewhere_is_not_decidable():
    found, _ = only(Draft().set("subnet-b", "availabilityZone", UNKNOWN))
    assert found.undecided


@pytest.mark.parametrize("rule", PEOPLE)
def test_subnets_of_another_stack_are_decided_by_configuration(rule):
    part, prop = PEOPLE[rule]
    draft = Draft().set(part, prop, ["s-1", "s-2"]).link(part, prop)
    found, text = only(draft, rule)
    assert found.undecided
    assert "subnet s-1 (not of this stack)" in found.what
    assert '"subnetZones": {"s-1": "<its zone>", "s-2": "<its zone>"}' in text
    assert not violations(draft, rule, subnetZones={"s-1": "a", "s-2": "b"})
    same, _ = only(draft, rule, subnetZones={"s-1": "a", "s-2": "a"})
    assert not same.undecided
    assert "spans 1 Availability Zone for certain (a)" in same.what
    half, _ = only(draft, rule, subnetZones={"s-1": "a"})
    assert half.undecided


@pytest.mark.parametrize("rule", PEOPLE)
def test_a_list_that_is_cut_in_an_apply_is_not_decidable(rule):
    part, prop = PEOPLE[rule]
    sources = [("subnet-a", "subnet-b"), ("public-a", "public-b")][part == "load-balancer"]
    found, text = only(Draft().set(part, prop, UNKNOWN).link(part, prop, *sources), rule)
    assert found.undecided
    assert f'any of the subnets "{sources[0]}", "{sources[1]}"' in found.what
    assert "pass the list itself, for example [a.id, b.id]" in text


def test_a_list_of_known_length_one_is_decided():
    found, text = only(Draft().set("group", "vpcZoneIdentifiers", [UNKNOWN]))
    assert not found.undecided
    assert "only 1 of the subnets" in found.what
    assert "Remedy: give the Auto Scaling group vpc_zone_identifiers" in text


def test_a_whole_list_from_one_subnet_is_decided():
    draft = Draft().set("group", "vpcZoneIdentifiers", UNKNOWN)
    found, _ = only(draft.link("group", "vpcZoneIdentifiers", "subnet-a"))
    assert not found.undecided


def test_the_same_subnet_twice_is_one_zone():
    draft = Draft().set("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-a")])
    found, _ = only(draft)
    assert not found.undecided


@pytest.mark.parametrize(
    ("third", "decided"), [("ap-northeast-2b", True), ("ap-northeast-2a", False)]
)
def test_two_of_three_subnets_span_two_zones_if_all_differ(third, decided):
    draft = Draft().add("subnet-c", SUBNET, {"id": UNKNOWN, "availabilityZone": third})
    draft.link("group", "vpcZoneIdentifiers", "subnet-a", "subnet-b", "subnet-c")
    found = violations(draft, "asg-multi-az")
    assert [one.undecided for one in found] == ([] if decided else [True])


@pytest.mark.parametrize(
    ("zones", "undecided"),
    [
        (["a"], False),
        (["a", "a"], False),
        (["a", UNKNOWN], True),
        (UNKNOWN, True),
        (["a", "b"], None),
    ],
)
def test_zones_by_name(zones, undecided):
    draft = (
        Draft().leave_out("group", "vpcZoneIdentifiers").set("group", "availabilityZones", zones)
    )
    found = violations(draft, "asg-multi-az")
    assert [one.undecided for one in found] == ([] if undecided is None else [undecided])
    if zones == ["a"]:
        assert "spans 1 Availability Zone for certain (a)" in found[0].what


def test_groups_of_one_target_group_may_each_have_a_zone():
    draft = Draft().twin("group", "second")
    for name, subnet in (("group", "subnet-a"), ("second", "subnet-b")):
        draft.set(name, "vpcZoneIdentifiers", [Ref(subnet)])
    assert not violations(draft, "asg-multi-az")
    draft.set("second", "vpcZoneIdentifiers", [Ref("subnet-a")])
    found, _ = only(draft)
    assert 'Auto Scaling groups "group" and "second" together span' in found.what


def test_workers_may_stay_in_one_zone():
    draft = Draft().add("workers", "aws:autoscaling/group:Group",
                        {"vpcZoneIdentifiers": [Ref("subnet-a")], "minSize": 1.0})  # fmt: skip
    assert not violations(draft, "asg-multi-az")
