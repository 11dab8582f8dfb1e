"""Where a group launches, and what it moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.autoscaling.balance import next_placement, to_move
from region.services.autoscaling.scaling_plan import plan
from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Placement
from tests.region.services.autoscaling.plain_fleets import NOW, PLACEMENTS, fleet

AB = PLACEMENTS[:2]


def zones_of(steps) -> Counter[str]:
    return Counter(launch.placement.zone for launch in steps.launches)


def test_the_subnets_of_a_zone_are_all_used():
    placements = [Placement("s1", "a"), Placement("s2", "a")]
    chosen = {next_placement(placements, []).subnet_id for _ in range(64)}
    assert chosen == {"s1", "s2"}


@pytest.mark.parametrize(
    ("counts", "moves"),
    [
        ({"a": 1, "b": 1, "c": 1}, 0),
        ({"a": 2, "b": 1, "c": 1}, 0),
        ({"a": 2, "b": 2}, 1),
        ({"a": 3, "b": 1}, 1),
        ({"a": 9}, 1),
    ],
)
def test_zones_that_differ_by_two_are_balanced_one_by_one(counts, moves):
    members = fleet(**counts)
    assert to_move(GroupSettings(len(members), 9, PLACEMENTS), members) == moves


def test_a_tenth_of_a_large_group_moves_at_once():
    members = fleet(a=40)
    assert to_move(GroupSettings(40, 40, PLACEMENTS), members) == 4


def test_a_zone_that_was_taken_out_of_the_group_is_emptied_launching_first():
    steps = plan(GroupSettings(3, 3, AB), fleet(a=1, b=1, c=1), NOW, may_launch=True)
    assert [launch.reason for launch in steps.launches] == ["rebalance"]
    assert steps.terminations == ()
    members = [*fleet(a=2, b=1, c=1)]
    steps = plan(GroupSettings(3, 3, AB), members, NOW, may_launch=True)
    assert [end.instance_id for end in steps.terminations] == ["i-c0"]


def test_protected_instances_stay_in_a_zone_that_was_taken_out():
    members = [*fleet(a=1, b=1), *(replace(one, protected=True) for one in fleet(c=1))]
    assert to_move(GroupSettings(3, 3, AB), members) == 0


def test_nothing_is_moved_while_a_group_is_not_whole():
    members = [*fleet(a=2), replace(fleet(b=1)[0], in_service=False)]
    assert to_move(GroupSettings(3, 9, PLACEMENTS), members) == 0


def test_without_termination_a_group_exceeds_its_maximum_and_stays_there():
    suspended = frozenset({"Terminate"})
    wanted = GroupSettings(3, 3, PLACEMENTS, suspended=suspended)
    assert len(plan(wanted, fleet(a=3), NOW, may_launch=True).launches) == 1
    assert plan(wanted, fleet(a=3, b=1), NOW, may_launch=True).launches == ()


def test_best_effort_launches_elsewhere_when_a_zone_has_no_capacity():
    wanted = GroupSettings(6, 9, PLACEMENTS, blocked_zones=frozenset({"a"}))
    assert zones_of(plan(wanted, [], NOW, may_launch=True)) == {"b": 3, "c": 3}
    assert plan(wanted, fleet(b=3, c=3), NOW, may_launch=True).launches == ()
    again = replace(wanted, blocked_zones=frozenset())
    assert zones_of(plan(again, fleet(b=3, c=3), NOW, may_launch=True)) == {"a": 1}


def test_balanced_only_waits_for_the_zone_that_has_no_capacity():
    wanted = GroupSettings(6, 9, PLACEMENTS, blocked_zones=frozenset({"a"}), balanced_only=True)
    assert zones_of(plan(wanted, [], NOW, may_launch=True)) == {"b": 2, "c": 2}
    assert plan(wanted, fleet(b=2, c=2), NOW, may_launch=True).launches == ()


def test_nothing_is_launched_when_no_zone_has_capacity():
    wanted = GroupSettings(3, 9, PLACEMENTS, blocked_zones=frozenset("abc"))
    assert plan(wanted, [], NOW, may_launch=True).launches == ()


def test_a_surplus_that_is_all_protected_is_told():
    members = [replace(one, protected=True) for one in fleet(a=1, b=1)]
    steps = plan(GroupSettings(1, 9, PLACEMENTS), members, NOW, may_launch=True)
    assert (steps.terminations, steps.protected) == ((), True)


@given(st.lists(st.integers(0, 8), min_size=3, max_size=3), st.sets(st.sampled_from("abc")))
def test_balancing_ends_and_never_empties_more_than_it_fills(counts, blocked):
    members = fleet(**dict(zip("abc", counts, strict=True)))
    wanted = GroupSettings(len(members), 30, PLACEMENTS, blocked_zones=frozenset(blocked))
    assert 0 <= to_move(wanted, members) <= 3
