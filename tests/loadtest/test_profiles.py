"""Profiles start exactly the visitors that Artillery starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES, Phase, Profile, from_record, profile_named


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
