"""Intervals against published worked examples, brute force and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.confidence import percentile_interval
from loadtest.analysis import bootstrap, inference
from loadtest.analysis.inference import Interval, Sample

RNG = np.random.default_rng(11)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_examples(k: int, n: int, low: float, high: float):
    found = inference.wilson(k, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: p1 - p2.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_gives_the_published_examples(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
):
    # Ours is the second minus the first.
    found = inference.newcombe(*second, *first)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.5, 0.999))
def test_a_share_lies_in_its_interval_which_narrows_with_more_trials(
    k: int, more: int, confidence: float
):
    n = k + more
    found, wider = inference.wilson(k, n, confidence), inference.wilson(10 * k, 10 * n, confidence)
    assert 0 <= found.low <= k / n <= found.high <= 1
    assert wider.high - wider.low < found.high - found.low


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_differences_change_sign_with_the_order(k1: int, m1: int, k2: int, m2: int):
    there = inference.newcombe(k1, k1 + m1, k2, k2 + m2)
    back = inference.newcombe(k2, k2 + m2, k1, k1 + m1)
    assert there.low == pytest.approx(-back.high)
    assert k2 / (k2 + m2) - k1 / (k1 + m1) in there


def test_without_trials_nothing_is_known():
    assert inference.wilson(0, 0) == Interval(0, 1)
    assert inference.newcombe(0, 0, 1, 2) == Interval(-1, 1)
    with pytest.raises(ValueError, match="must not be greater than n"):
        inference.wilson(3, 2)


@pytest.mark.parametrize(
    ("failures", "n", "sentence"),
    [
        (
            0,
            54_000,
            "0 of 54,000 requests failed: at least 99.994 % good with 95 % confidence, in this window",
        ),
        (
            12,
            54_000,
            "12 of 54,000 requests failed: at least 99.96 % good with 95 % confidence, in this window",
        ),
        (5, 5, "5 of 5 requests failed: at least 0.0 % good with 95 % confidence, in this window"),
        (0, 0, "no requests were sent, so nothing is known about them"),
    ],
)
def test_the_sentence_of_the_rule_of_three(failures: int, n: int, sentence: str):
    assert str(inference.confidence_message(failures, n)) == sentence


@pytest.mark.parametrize("n", [1_000, 5_000, 54_000, 299_572])
def test_no_failure_is_the_rule_of_three(n: int):
    bound = inference.failure_bound(0, n)
    assert bound == pytest.approx(1 - 0.05 ** (1 / n))
    assert bound == pytest.approx(3 / n, rel=0.005)


# --- bootstrap ------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 400),
    st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_quantiles_of_resamples_are_those_of_their_requests(
    size: int, q: float, seed: int, ties: bool
):
    rng = np.random.default_rng(seed)
    times = rng.uniform(0, 60_000, size)
    values = rng.lognormal(3, 1, size)
    if ties:
        values = np.round(values, -1)
    values[rng.random(size) < 0.05] = np.inf
    redrawn = bootstrap.resample(times, resamples=20, seed=seed, block_s=5)
    fast = redrawn.quantiles(values, q)
    ordered = values[redrawn.order]
    for row, found in enumerate(fast):
        drawn = [
            ordered[low:high] for low, high in zip(redrawn.low[row], redrawn.high[row], strict=True)
        ]
        whole = np.sort(np.concatenate(drawn))
        if len(whole):
            assert found == whole[max(math.ceil(q * len(whole)), 1) - 1]
        else:
            assert math.isnan(found)
        assert redrawn.totals[row] == len(whole)


def test_resamples_are_whole_blocks_of_neighbours():
    times = np.arange(0, 60_000, 10.0)
    redrawn = bootstrap.resample(times, resamples=5, seed=1, block_s=5)
    assert redrawn.low.shape == (5, 12)
    assert set(np.unique(redrawn.high - redrawn.low)) <= {499, 500, 501}
    assert redrawn.blocks == pytest.approx(12, rel=0.01)


@pytest.mark.parametrize(("span_s", "blocks"), [(8, 2), (30, 6), (360, 36), (3600, 360)])
def test_blocks_last_five_to_ten_seconds(span_s: float, blocks: int):
    assert bootstrap.block_count(np.array([0.0, span_s * 1000])) == blocks
    assert bootstrap.block_count(np.array([])) == 0


def test_the_same_seed_gives_the_same_interval():
    times, values = _log(3_000, 60)
    assert percentile_interval(values, times, 0.99) == percentile_interval(values, times, 0.99)
    # The order of the rows is not a property of the run.
    shuffled = RNG.permutation(len(times))
    assert percentile_interval(values[shuffled], times[shuffled], 0.99) == percentile_interval(
        values, times, 0.99
    )


def _log(size: int, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    return np.sort(RNG.uniform(0, seconds * 1000, size)), RNG.lognormal(3, 0.5, size)


def test_a_run_too_short_for_blocks_has_no_percentile_intervals():
    times, values = _log(466, 8)
    assert not percentile_interval(values, times, 0.99).known
    sample = Sample(values, times)
    assert not inference.percentile_difference(sample, sample, 0.99).known
    assert not percentile_interval([], [], 0.99).known


def test_requests_all_in_one_block_have_no_interval_either():
    times = np.concatenate([np.zeros(1), np.full(500, 60_000.0)])
    assert not percentile_interval(np.ones(501), times, 0.5).known


def test_unanswered_requests_leave_the_upper_end_open():
    times, values = _log(6_000, 120)
    values[RNG.random(len(values)) < 0.02] = np.inf
    p50, p99 = (percentile_interval(values, times, q) for q in (0.5, 0.99))
    assert math.isfinite(p50.high)
    assert p99.high == math.inf


def test_a_run_without_answers_still_limits_a_difference():
    times, values = _log(6_000, 120)
    fast, silent = Sample(values, times), Sample(np.full(6_000, np.inf), times)
    better = inference.percentile_difference(silent, fast, 0.99, limit_ms=10_000)
    assert better.low == -math.inf
    assert -10_000 < better.high < -9_500
    worse = inference.percentile_difference(fast, silent, 0.99, limit_ms=10_000)
    assert 9_500 < worse.low < 10_000
    assert worse.high == math.inf
    assert not inference.percentile_difference(silent, silent, 0.99, limit_ms=10_000).known


def test_bursts_widen_the_interval_of_a_share():
    times = np.arange(0, 360_000, 10.0)
    scattered = RNG.random(len(times)) < 0.01
    burst = (times > 100_000) & (times < 103_600)
    even = inference.share_interval(scattered, times)
    clustered = inference.share_interval(burst, times)
    assert (clustered.high - clustered.low) > 3 * (even.high - even.low)
    # One burst in one run does not show that the next run has one.
    none = Sample(np.zeros(len(times), dtype=bool), times)
    assert 0 in inference.share_difference(none, Sample(burst, times))
    assert 0 not in inference.share_difference(none, Sample(scattered, times))


def test_a_share_of_nothing_is_not_known():
    nothing, some = Sample([], []), Sample([True], [0.0])
    assert inference.share_difference(nothing, some) == Interval(-1, 1)


# --- repeated runs --------------------------------------------------------------------------------


def test_one_run_does_not_show_variation_between_runs():
    assert not inference.mean_interval([3.0]).known
    assert not inference.mean_interval([]).known


def test_the_mean_of_runs_is_students():
    # scipy.stats.t.ppf(0.975, 2) = 4.30265; mean 2, standard error 1 / sqrt(3).
    found = inference.mean_interval([1.0, 2.0, 3.0])
    assert found.low == pytest.approx(2 - 4.30265 / math.sqrt(3), abs=1e-4)
    assert inference.mean_interval([2.0, 2.0, 2.0]) == Interval(2.0, 2.0)


def test_runs_that_scatter_pool_to_a_wider_share():
    alike = inference.pooled_share([34, 33, 34], [54_000] * 3)
    scattered = inference.pooled_share([0, 101, 0], [54_000] * 3)
    assert scattered.high - scattered.low > 5 * (alike.high - alike.low)
    assert 101 / 162_000 in scattered
    none = inference.pooled_share([0, 0, 0], [54_000] * 3)
    assert none.high == pytest.approx(-math.log(0.025) / 162_000, rel=0.01)
    assert inference.pooled_share([5], [5]).high == 1
    assert inference.pooled_share([], []) == Interval(0, 1)
