from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from region.services.autoscaling.scaling_plan import back_off, plan
from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Member
from tests.region.services.autoscaling.plain_fleets import NOW, PLACEMENTS, fleet, members_strategy


def run_to_rest(
    desired_state: GroupSettings, members: list[Member]
) -> tuple[list[Member], list[int]]:
    """Carry plans out until there is nothing to do; also the counts of well instances seen."""
    well: list[int] = []
    for round_number in range(100):
        steps = plan(desired_state, members, NOW, may_launch=True)
        idle = not steps.launches and not steps.terminations
        if idle and all(member.in_service and member.ready for member in members):
            return members, well
        gone = {termination.instance_id for termination in steps.terminations}
        members = [
            replace(
                member, in_service=True, ready=True, healthy=member.healthy or not member.in_service
            )
            for member in members
            if member.instance_id not in gone
        ]
        well.append(sum(1 for member in members if member.healthy))
        members += [
            Member(
                f"i-{round_number}-{number}",
                launch.placement,
                in_service=False,
                launched_at=NOW,
                beyond_desired=launch.beyond_desired,
            )
            for number, launch in enumerate(steps.launches)
        ]
    raise AssertionError("the group does not come to rest")


@given(st.integers(0, 20))
def test_a_new_group_is_spread_evenly(desired):
    steps = plan(GroupSettings(desired, 20, PLACEMENTS), [], NOW, may_launch=True)
    zones = Counter(launch.placement.zone for launch in steps.launches)
    assert sum(zones.values()) == desired
    counts = [zones[placement.zone] for placement in PLACEMENTS]
    assert max(counts) - min(counts) <= 1


@settings(max_examples=300)
@given(members_strategy, st.integers(0, 9), st.sampled_from([None, 0, 90, 100]))
def test_every_group_settles_at_its_capacity(members, desired, min_healthy):
    desired_state = GroupSettings(desired, 9, PLACEMENTS, min_healthy=min_healthy, max_healthy=200)
    rested, _ = run_to_rest(desired_state, members)
    protected = sum(1 for member in rested if member.protected)
    assert desired <= len(rested) <= max(desired, protected)
    assert all(member.healthy for member in rested)
    zones = Counter(member.placement.zone for member in rested)
    counts = [zones[placement.zone] for placement in PLACEMENTS]
    if not protected:
        assert max(counts) - min(counts) <= 1


@given(st.integers(1, 6), st.data())
def test_launching_first_never_reduces_the_number_of_healthy_instances(sick, data):
    members = fleet(a=2, b=2, c=2)
    chosen = data.draw(st.sets(st.sampled_from(range(6)), min_size=sick, max_size=sick))
    members = [
        replace(member, healthy=number not in chosen) for number, member in enumerate(members)
    ]
    desired_state = GroupSettings(6, 9, PLACEMENTS, min_healthy=100, max_healthy=150)
    rested, well = run_to_rest(desired_state, members)
    assert len(rested) == 6
    assert min(well) >= 6 - sick
    assert sorted(well) == well


def test_without_room_below_max_the_unhealthy_terminate_first():
    members = [replace(fleet(a=1)[0], healthy=False), *fleet(b=1)]
    steps = plan(GroupSettings(2, 2, PLACEMENTS, min_healthy=100), members, NOW, may_launch=True)
    assert [end.instance_id for end in steps.terminations] == ["i-a0"]
    assert [launch.beyond_desired for launch in steps.launches] == [False]


def test_without_a_policy_an_unhealthy_instance_is_terminated_and_replaced_at_once():
    members = [replace(fleet(a=1)[0], healthy=False), *fleet(b=1, c=1)]
    steps = plan(GroupSettings(3, 9, PLACEMENTS), members, NOW, may_launch=True)
    assert [end.instance_id for end in steps.terminations] == ["i-a0"]
    assert [launch.placement.zone for launch in steps.launches] == ["a"]


@pytest.mark.parametrize(
    ("suspended", "members", "desired"),
    [
        ("Launch", [], 3),
        ("Terminate", fleet(a=3, b=3), 2),
        ("AZRebalance", fleet(a=3), 3),
        ("ReplaceUnhealthy", [replace(member, healthy=False) for member in fleet(a=1, b=1)], 2),
    ],
)
def test_suspended_processes_are_left_alone(suspended, members, desired):
    desired_state = GroupSettings(desired, 9, PLACEMENTS)
    assert plan(desired_state, members, NOW, may_launch=True) != plan(
        replace(desired_state, suspended=frozenset({suspended})), members, NOW, may_launch=True
    )
    steps = plan(
        replace(desired_state, suspended=frozenset({suspended})), members, NOW, may_launch=True
    )
    assert not steps.launches
    assert not steps.terminations


def test_rebalancing_launches_before_it_terminates_even_at_max():
    desired_state = GroupSettings(3, 3, PLACEMENTS)
    steps = plan(desired_state, fleet(a=3), NOW, may_launch=True)
    assert [(launch.placement.zone, launch.beyond_desired) for launch in steps.launches] == [
        ("b", True)
    ]
    assert not steps.terminations


def test_a_group_that_backs_off_launches_nothing():
    steps = plan(GroupSettings(3, 9, PLACEMENTS), [], NOW, may_launch=False)
    assert steps.launches == ()


def test_back_off_doubles_up_to_a_minute():
    assert [back_off(n) for n in (0, 1, 2, 3, 7, 50)] == [0, 1, 2, 4, 60, 60]
