"""Profiles start exactly the visitors that Artillery starts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import LoadTestError
from loadtest.profiles import (
    PROFILES,
    Phase,
    Profile,
    counted,
    from_record,
    let_in,
    pause,
    profile_named,
)


def test_seed_starts_the_published_27000_users():
    assert PROFILES["seed"].planned_users == 27_000
    assert PROFILES["seed"].duration_s == 360


def test_quick_and_smoke():
    # 2,550 is what a real run of Artillery 2.0.34 created; 233 likewise.
    assert PROFILES["quick"].planned_users == 2_550
    assert PROFILES["smoke"].planned_users == 233
    assert PROFILES["quick"].peak_rate == PROFILES["seed"].peak_rate == 125


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("workers", [1, 2, 3, 7, 31, 63])
def test_the_number_of_users_does_not_depend_on_worker_threads(name: str, workers: int):
    total = sum(PROFILES[name].arrivals_by_worker(workers))
    # `smoke` has one second with a tie, 22.5 arrivals, which may round either way when divided.
    assert abs(total - PROFILES[name].planned_users) <= (1 if name == "smoke" else 0)


@given(
    low=st.integers(1, 60),
    high=st.integers(1, 250),
    ramp=st.integers(2, 90),
    hold=st.integers(1, 60),
    workers=st.integers(1, 16),
)
def test_any_ramp_splits_over_workers_within_one_user_per_second(
    low: int, high: int, ramp: int, hold: int, workers: int
):
    profile = Profile("any", (Phase("ramp", ramp, low, high), Phase("hold", hold, high)))
    total = sum(profile.arrivals_by_worker(workers))
    # A tie may round differently when it is divided first.
    assert abs(total - profile.planned_users) <= ramp + workers
    mean = (low + high) / 2 * ramp + high * hold
    assert abs(profile.planned_users - mean) <= ramp / 2 + 1 + high * hold * 0.01


@pytest.mark.parametrize("name", PROFILES)
def test_schedule_has_one_rising_time_per_user_within_the_run(name: str):
    profile = PROFILES[name]
    times = profile.schedule()
    assert len(times) == profile.planned_users
    assert np.all(np.diff(times) >= 0)
    assert times[0] > 0
    assert times[-1] <= profile.duration_s + 1e-9


@pytest.mark.parametrize(
    "phase", [Phase("ramp", 3, 900, 2500), Phase("hold", 2, 1200), counted("count", 5000, 2)]
)
def test_more_than_a_thousand_a_second_are_planned_evenly(phase: Phase):
    times = phase.schedule()
    seconds = np.ceil(times - 1e-9).astype(int) - 1
    assert seconds.min() == 0
    assert seconds.max() == phase.duration_s - 1
    # Nobody starts with a thousand others.
    assert np.diff(times).max() < 0.2
    assert np.bincount(np.floor(times * 100).astype(int)).max() <= 26


@pytest.mark.parametrize(
    "make",
    [
        lambda: Phase("x", 1, 2_000_000),
        lambda: Phase("x", 9, 1, 200_000),
        lambda: counted("x", 1_000_001, 1),
    ],
)
def test_more_than_any_generator_starts_is_refused(make: Callable[[], Phase]):
    with pytest.raises(LoadTestError, match=r"phase 'x': .* visitors a second; 100,000 are"):
        make()


def test_a_ramp_second_has_the_rate_between():
    times = PROFILES["quick"].schedule()
    assert np.sum((times > 0) & (times <= 1)) == 5
    # 5 + 120 / 19 * 19, in the ramp's last second
    assert np.sum((times > 19) & (times <= 20)) == 125


def test_artillery_gets_its_own_words():
    assert PROFILES["quick"].phases[0].to_artillery() == {
        "name": "ramp",
        "duration": 20,
        "arrivalRate": 5,
        "rampTo": 125,
    }
    # A hold is written as a ramp that stays at its rate, which costs Artillery less.
    assert PROFILES["quick"].phases[1].to_artillery() == {
        "name": "hold",
        "duration": 10,
        "arrivalRate": 125,
        "rampTo": 125,
    }


@pytest.mark.parametrize(("duration", "rate"), [(10, 120), (10, 600), (10, 1500), (1, 125)])
def test_a_hold_that_a_ramp_would_start_unevenly_stays_steady(duration: int, rate: int):
    assert "rampTo" not in Phase("hold", duration, rate).to_artillery()


def test_a_hold_is_recorded_and_described_as_one():
    recorded = PROFILES["quick"].record()
    assert recorded.phases[1].ramp_to is None
    rebuilt = from_record(recorded)
    assert rebuilt == PROFILES["quick"]


def test_an_unknown_profile_is_reported_with_the_known_ones():
    with pytest.raises(LoadTestError, match="'huge'; choose one of seed, quick, smoke"):
        profile_named("huge")


@pytest.mark.parametrize("phase", [(1, 5, 10), (0, 5, None), (10, 0, None), (10, 1, 0)])
def test_phases_that_artillery_would_misread_are_refused(phase: tuple[int, int, int | None]):
    duration, rate, ramp = phase
    if ramp == 0:
        ramp = -1
    with pytest.raises(LoadTestError, match="phase 'x' needs"):
        Phase("x", duration, rate, ramp)


def test_description_reads_like_a_sentence():
    assert str(PROFILES["seed"].description) == "5 to 125 visitors/s over 300 s, then 60 s at 125/s"


CLOSED = Profile(
    "any",
    (Phase("ramp", 5, 0.5, 4, most_at_once=3), pause("pause", 3), counted("count", 7, 4, 2)),
)


def test_pauses_and_counts_are_planned_recorded_and_described():
    times = CLOSED.schedule()
    assert len(times) == CLOSED.planned_users == sum(CLOSED.arrivals_by_worker(3))
    assert np.all(np.diff(times) >= 0)
    assert not np.any((times > 5.001) & (times <= 8))
    assert np.sum(times > 8) == 7
    assert times[-1] <= CLOSED.duration_s == 12
    assert from_record(CLOSED.record()) == CLOSED
    assert CLOSED.record().closed
    assert not PROFILES["seed"].record().closed
    assert str(CLOSED.description) == (
        "0.5 to 4 visitors/s over 5 s, then 3 s without arrivals, then 7 visitors over 4 s; "
        "closed model, at most 2 at a time"
    )


@pytest.mark.parametrize(
    ("phases", "workers", "arrivals"),
    [
        ((counted("count", 7, 4),), 3, [7]),
        # Written as a ramp, which all threads share.
        ((Phase("hold", 10, 2),), 3, [10, 10, 0]),
        ((Phase("hold", 10, 3), counted("count", 7, 4)), 4, [17, 10, 10]),
    ],
)
def test_artillery_starts_no_thread_that_has_nothing_to_do(
    phases: tuple[Phase, ...], workers: int, arrivals: list[int]
):
    assert Profile("any", phases).arrivals_by_worker(workers) == arrivals


@given(visitors=st.integers(1, 400), seconds=st.integers(1, 60))
def test_a_counted_phase_starts_that_many_evenly(visitors: int, seconds: int):
    phase = counted("count", visitors, seconds)
    times = phase.schedule()
    assert len(times) == visitors == sum(phase.arrivals(4))
    assert np.ptp(np.diff(times, prepend=0)) < 1e-6
    assert times[-1] <= seconds + 1e-9


def test_who_was_let_in_was_due_at_the_last_planned_moment():
    planned = np.array([0.1, 0.2, 0.3, 0.4])
    assert let_in(planned, np.array([0.101, 0.402])).tolist() == [0.1, 0.4]


def test_a_rate_that_artillery_would_not_divide_is_refused():
    with pytest.raises(
        LoadTestError, match=r"phase 'x': 2.5 visitors a second is not a whole number"
    ):
        Phase("x", 10, 2.5)
    with pytest.raises(LoadTestError, match="0 visitors at a time"):
        Phase("x", 10, 2, most_at_once=0)
