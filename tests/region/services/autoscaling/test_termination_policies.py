"""Which instance a scale-in ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.autoscaling.termination_policies import Member, Placement, select
from tests.region.services.autoscaling.plain_fleets import (
    NOW,
    PLACEMENTS,
    fleet,
    members_strategy,
)


def test_scale_in_takes_from_the_fullest_zone():
    assert select(fleet(a=1, b=3, c=2), ("Default",), NOW).placement.zone == "b"


def test_scale_in_prefers_unhealthy_then_the_oldest_template_then_the_closest_hour():
    placement = PLACEMENTS[0]
    members = [
        Member("i-new", placement, template_version=2, launched_at=NOW - 3500),
        Member("i-old", placement, template_version=1, launched_at=NOW - 10),
        Member("i-old-close", placement, template_version=1, launched_at=NOW - 3590),
        Member("i-sick", placement, template_version=2, healthy=False),
    ]
    order = []
    while members:
        selected = select(members, ("Default",), NOW)
        order.append(selected.instance_id)
        members.remove(selected)
    assert order == ["i-sick", "i-old-close", "i-old", "i-new"]


@pytest.mark.parametrize(
    ("policy", "selected"), [("OldestInstance", "i-a2"), ("NewestInstance", "i-a0")]
)
def test_other_termination_policies(policy, selected):
    assert select(fleet(a=3), (policy,), NOW).instance_id == selected


@given(members_strategy)
def test_protected_instances_are_never_selected(members):
    selected = select(members, ("Default",), NOW)
    assert selected is None or not selected.protected
    if selected is None:
        assert all(member.protected for member in members)


def order(members, policies):
    """Return the ids in the order in which scale-ins end them."""
    members, found = list(members), []
    while members:
        selected = select(members, policies, NOW)
        found.append(selected.instance_id)
        members.remove(selected)
    return found


def test_instances_of_other_templates_go_before_old_versions_of_the_current_one():
    place = PLACEMENTS[0]
    members = [
        Member("i-v1", place, template_version=1),
        Member("i-v2", place, template_version=2),
        Member("i-other", place, template_version=9, current_template=False),
    ]
    assert order(members, ("OldestLaunchTemplate",)) == ["i-other", "i-v1", "i-v2"]
    assert order(members, ("Default",)) == ["i-other", "i-v1", "i-v2"]


def test_policies_apply_in_the_order_of_the_list():
    place = PLACEMENTS[0]
    members = [
        Member("i-a", place, template_version=1, launched_at=NOW - 10),
        Member("i-b", place, template_version=1, launched_at=NOW - 20),
        Member("i-c", place, template_version=2, launched_at=NOW - 30),
    ]
    chosen = ("OldestLaunchTemplate", "OldestInstance", "Default")
    assert order(members, chosen) == ["i-b", "i-a", "i-c"]


def test_the_least_wanted_type_goes_first():
    place = PLACEMENTS[0]
    members = [Member("i-first", place, type_rank=0), Member("i-second", place, type_rank=1)]
    assert order(members, ("AllocationStrategy",)) == ["i-second", "i-first"]


def test_a_zone_whose_instances_are_all_protected_is_passed_over():
    members = [replace(one, protected=True) for one in fleet(a=3)] + fleet(b=2, c=1)
    assert select(members, ("OldestInstance",), NOW).placement.zone == "b"


def test_instances_outside_the_zones_of_the_group_go_first():
    members = fleet(a=3, b=1)
    assert select(members, ("Default",), NOW, {"a", "c"}).placement.zone == "b"


@given(members_strategy, st.sampled_from(["OldestInstance", "NewestInstance", "Default"]))
def test_the_fullest_zone_that_has_one_to_spare_is_chosen_whatever_the_policy(members, policy):
    selected = select(members, (policy,), NOW)
    if selected is not None:
        count = sum(1 for one in members if one.placement.zone == selected.placement.zone)
        free = {one.placement for one in members if not one.protected}
        assert count == max(
            sum(1 for one in members if one.placement.zone == place.zone) for place in free
        )


def test_subnets_do_not_count_only_zones():
    one, two = Placement("s1", "a"), Placement("s2", "a")
    members = [Member("i-1", one), Member("i-2", two), *fleet(b=1)]
    assert select(members, ("Default",), NOW).placement.zone == "a"
