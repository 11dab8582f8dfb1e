"""The workers' shares together are the load, second by second."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.engine.workers import shares
from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES, Phase, Profile, counted, pause

RATES = st.one_of(st.integers(1, 300), st.integers(990, 5000))
PHASES = st.one_of(
    st.builds(
        lambda seconds, low, high: Phase("ramp", seconds, low, high),
        st.integers(2, 9),
        RATES,
        RATES,
    ),
    st.builds(lambda seconds, rate: Phase("hold", seconds, rate), st.integers(1, 9), RATES),
    st.builds(
        lambda seconds, visitors: counted("count", visitors, seconds),
        st.integers(1, 9),
        st.integers(1, 900),
    ),
    st.builds(lambda seconds: pause("pause", seconds), st.integers(1, 9)),
)


def per_second(profile: Profile) -> list[int]:
    return [n for phase in profile.phases for n in shares.visitors_per_second(phase)]


@given(st.lists(PHASES, min_size=1, max_size=4), st.integers(1, 9))
def test_the_shares_add_up_in_every_second(phases: list[Phase], workers: int):
    load = Profile("ours", tuple(phases))
    if max(per_second(load)) > 1000 * workers or load.planned_users < workers:
        with pytest.raises(LoadTestError, match=r"take at least|fewer than"):
            shares.share(load, 1, workers)
        return
    each = [shares.share(load, worker, workers) for worker in range(1, workers + 1)]

    assert np.sum([per_second(one) for one in each], axis=0).tolist() == per_second(load)
    assert sum(one.planned_users for one in each) == load.planned_users
    assert {one.duration_s for one in each} == {load.duration_s}
    # Nobody has more than one visitor more than another.
    assert max(one.planned_users for one in each) - min(one.planned_users for one in each) <= 1


@pytest.mark.parametrize("name", PROFILES)
def test_the_project_s_own_loads_can_be_split(name: str):
    load = PROFILES[name]
    each = [shares.share(load, worker, 4) for worker in range(1, 5)]

    assert np.sum([per_second(one) for one in each], axis=0).tolist() == per_second(load)


def test_a_worker_without_a_visitor_is_refused():
    load = Profile("ours", (Phase("hold", 2, 1),))
    with pytest.raises(LoadTestError, match="'ours' starts 2 visitors, fewer than the 3 workers"):
        shares.share(load, 1, 3)
    assert [shares.share(load, one, 2).planned_users for one in (1, 2)] == [1, 1]


def test_too_few_workers_say_how_many_it_takes():
    load = Profile("ours", (Phase("ramp", 5, 50, 4800),))
    with pytest.raises(LoadTestError, match=r"start 1,200 visitors in a second, .* at least 5 "):
        shares.share(load, 1, 4)
    assert (
        sum(shares.share(load, one, 5).planned_users for one in range(1, 6)) == load.planned_users
    )


def test_the_phases_of_a_share_say_where_those_of_the_load_begin():
    load = Profile("ours", (Phase("ramp", 5, 1, 9), pause("rest", 3), Phase("hold", 4, 7)))
    mine = shares.share(load, 2, 3)

    begins = shares.first_phases(load)
    assert [mine.phases[number].name for number in begins] == ["ramp", "rest", "hold"]
    elapsed = [sum(phase.duration_s for phase in mine.phases[:number]) for number in begins]
    assert elapsed == [0, 5, 8]


def test_a_limit_of_visitors_at_a_time_cannot_be_split():
    load = Profile("ours", (Phase("hold", 4, 7, most_at_once=9),))
    with pytest.raises(LoadTestError, match="9 visitors at a time"):
        shares.share(load, 1, 2)
