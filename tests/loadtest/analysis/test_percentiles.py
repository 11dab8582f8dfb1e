"""The interval of one run's percentile: its shapes, its bounds, and that bursts widen it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.analysis.columns import quantile
from loadtest.analysis.percentiles import percentile_interval
from loadtest.array_types import Floats
from loadtest.profiles import PROFILES

QUICK = PROFILES["quick"].schedule() * 1000


def noisy(seed: int = 1) -> Floats:
    return np.random.default_rng(seed).lognormal(2, 0.5, size=len(QUICK))


def test_equal_latencies_leave_no_doubt():
    found = percentile_interval(np.full(len(QUICK), 7.0), QUICK, 0.99)
    assert (found.low, found.high) == (7.0, 7.0)


def test_requests_that_were_never_answered_have_no_upper_limit():
    nothing = percentile_interval(np.full(len(QUICK), np.inf), QUICK, 0.99)
    assert (nothing.low, nothing.high) == (math.inf, math.inf)
    values = noisy()
    values[::50] = np.inf
    some = percentile_interval(values, QUICK, 0.99)
    assert some.high == math.inf
    assert some.low > 0


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_a_tiny_run_shows_nothing(count: int):
    found = percentile_interval(np.full(count, 5.0), np.arange(count) * 100.0, 0.99)
    assert not found.known


def test_a_smoke_run_shows_nothing():
    times = PROFILES["smoke"].schedule() * 1000
    assert not percentile_interval(np.full(len(times), 5.0), times, 0.99).known


def test_one_request_every_ten_seconds_limits_nothing_from_above():
    found = percentile_interval(np.full(20, 5.0), np.arange(20) * 10_000.0, 0.99)
    assert found.high == math.inf


def test_one_bad_second_is_worth_less_than_as_many_scattered_requests():
    values, scattered = noisy(), noisy()
    second = np.flatnonzero((QUICK >= 24_000) & (QUICK < 24_600))
    values[second] += 500
    scattered[np.linspace(0, len(QUICK) - 1, len(second)).astype(int)] += 500
    one = percentile_interval(values, QUICK, 0.99)
    many = percentile_interval(scattered, QUICK, 0.99)
    assert one.high - one.low > many.high - many.low or one.high == math.inf
    # A single second does not show that the p99 is that bad.
    assert one.low < 100 < many.low


def test_a_rise_by_design_is_no_uncertainty():
    """The same noise, once rising with the load and once in random order of blocks."""
    times = PROFILES["seed"].schedule() * 1000
    rng = np.random.default_rng(4)
    noise = rng.lognormal(2, 0.4, size=len(times))
    block = (times / times.max() * 35.999).astype(int)
    rising = noise * np.exp(block / 36)
    shuffled = noise * np.exp(rng.permutation(36)[block] / 36)
    by_design, by_chance = (percentile_interval(v, times, 0.99) for v in (rising, shuffled))
    assert by_design.high - by_design.low < 0.7 * (by_chance.high - by_chance.low)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 3000),
    span_s=st.floats(0.001, 600),
    unanswered=st.floats(0, 1),
    q=st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.999]),
    ties=st.booleans(),
)
def test_it_contains_the_percentile_and_consists_of_observed_values(  # noqa: PLR0917
    seed: int, count: int, span_s: float, unanswered: float, q: float, ties: bool
):
    rng = np.random.default_rng(seed)
    times = rng.uniform(0, span_s * 1000, size=count)
    values = rng.lognormal(2, 1, size=count)
    if ties:
        values = np.round(values)
    values[rng.random(count) < unanswered] = np.inf
    found = percentile_interval(values, times, q)
    assert quantile(values, q) in found
    assert found.low in {0.0, -math.inf} or found.low in values
    assert found.high == math.inf or found.high in values
    # The order of the log is of no consequence, and another unit scales the interval.
    order = rng.permutation(count)
    assert percentile_interval(values[order], times[order], q) == found
    assert percentile_interval(values * 8, times, q) == found.scaled(8)
    wider = percentile_interval(values, times, q, 0.99)
    assert wider.low <= found.low
    assert found.high <= wider.high
