"""How many instances are replaced at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.autoscaling import replacement
from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Member
from tests.region.services.autoscaling.plain_fleets import PLACEMENTS


def fleet(size: int, sick: int = 0, **state: bool) -> list[Member]:
    """Return a group of which some are unhealthy: not urgently, unless `state` says so."""
    return [
        Member(f"i-{number:02}", PLACEMENTS[number % 3], healthy=number >= sick)
        if number >= sick
        else Member(f"i-{number:02}", PLACEMENTS[number % 3], **{"healthy": False, **state})
        for number in range(size)
    ]


def settings(desired: int, **wanted: object) -> GroupSettings:
    return GroupSettings(desired, 99, PLACEMENTS, **wanted)


@pytest.mark.parametrize(("size", "at_a_time"), [(1, 1), (4, 1), (9, 1), (10, 1), (20, 2), (35, 3)])
def test_a_tenth_is_replaced_at_a_time_and_at_least_one(size, at_a_time):
    sick = max(1, size - 1)
    assert len(replacement.to_terminate(settings(size), fleet(size, sick))) == at_a_time


def test_those_that_do_not_run_or_a_user_marked_are_all_replaced_at_once():
    members = fleet(6, 3, urgent=True)
    assert replacement.to_terminate(settings(6), members) == ["i-00", "i-01", "i-02"]


def test_the_next_waits_until_a_replacement_is_ready():
    old, new = fleet(3, 1), Member("i-new", PLACEMENTS[0], in_service=False, ready=False)
    wanted = settings(4)
    assert replacement.to_terminate(wanted, [*old, new]) == []
    new = replace(new, in_service=True)
    assert replacement.to_terminate(wanted, [*old, new]) == []
    assert replacement.to_terminate(wanted, [*old, replace(new, ready=True)]) == ["i-00"]


def test_a_group_that_is_a_tenth_below_its_capacity_waits():
    assert replacement.to_terminate(settings(10), fleet(9, 1)) == []
    assert replacement.to_terminate(settings(20), fleet(19, 1)) == ["i-00"]


def test_the_next_waits_until_the_last_has_ended():
    assert replacement.to_terminate(settings(4, being_replaced=1), fleet(4, 1)) == []


def test_a_fleet_that_is_all_unhealthy_is_replaced_one_by_one():
    assert replacement.to_terminate(settings(40), fleet(40, 40)) == ["i-00"]
    assert len(replacement.to_terminate(settings(40), fleet(40, 39))) == 4


def test_a_replacement_that_is_launched_first_must_be_ready():
    policy = settings(3, min_healthy=100, max_healthy=200)
    members = [*fleet(3, 1), Member("i-new", PLACEMENTS[0], ready=False, beyond_desired=True)]
    assert replacement.to_launch(policy, members[:3]) == 1
    assert replacement.to_launch(policy, members) == 0
    assert replacement.to_terminate(policy, members) == []
    members[3] = replace(members[3], ready=True)
    assert replacement.to_terminate(policy, members) == ["i-00"]


@given(st.integers(1, 60), st.data())
def test_gradual_replacement_never_takes_more_than_its_share(size, data):
    sick = data.draw(st.integers(0, size))
    unready = data.draw(st.integers(0, size - sick))
    members = [
        replace(one, ready=number < size - unready) for number, one in enumerate(fleet(size, sick))
    ]
    ended = replacement.to_terminate(settings(size), members)
    assert len(ended) + unready <= max(1, size // 10, unready)
