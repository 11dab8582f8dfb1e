"""Availability Zones that a group certainly spans."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations


def test_a_zone_that_is_not_known_does_not_count():
    draft = Draft().set("subnet-b", "availabilityZone", UNKNOWN)
    (found,) = violations(draft, "asg-multi-az")
    assert (
        'spans 1 Availability Zone for certain (ap-northeast-2a; the zone of subnet "subnet-b"'
        in found.what
    )


def test_subnets_of_another_stack_are_decided_by_configuration():
    draft = Draft().set("group", "vpcZoneIdentifiers", ["s-1", "s-2"])
    draft.link("group", "vpcZoneIdentifiers")
    (found,) = violations(draft, "asg-multi-az")
    assert "subnet s-1 (not of this stack)" in found.what
    assert not violations(draft, "asg-multi-az", subnetZones={"s-1": "a", "s-2": "b"})
    assert violations(draft, "asg-multi-az", subnetZones={"s-1": "a", "s-2": "a"})
