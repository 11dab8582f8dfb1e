"""Confidence intervals for shares and percentiles, and for their differences.

Pure functions of counts and columns. The methods, their sources and their limits are described in
`docs/statistics.md`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import scipy  # loads `scipy.stats`, which takes a second or more, at its first use
from numpy.typing import ArrayLike

from loadtest.analysis import bootstrap
from loadtest.analysis.sample_size import too_few
from loadtest.array_types import Floats
from loadtest.messages.message import Message, msg

CONFIDENCE = 0.95
RESAMPLES = 1000
SEED = 5
LEAST_BLOCKS = 5
"""With fewer blocks of time, a run says nothing about its own variability."""
LARGEST_LOG = 700.0
"""The exponential of more would overflow."""


@dataclass(frozen=True)
class Interval:
    """Where the true value lies with that confidence; both ends are included.

    An end is infinite if the data sets no limit: unanswered requests have no upper one, and a run of
    less than five blocks of time has none at all (then `known` is False).
    """

    low: float
    high: float
    confidence: float = CONFIDENCE

    def __contains__(self, value: float) -> bool:
        """Return whether the interval contains the value."""
        return self.low <= value <= self.high

    @property
    def known(self) -> bool:
        """Whether it rules out anything at all."""
        return math.isfinite(self.low) or math.isfinite(self.high)

    def scaled(self, factor: float) -> Interval:
        """Convert to another unit; the factor is positive."""
        return Interval(self.low * factor, self.high * factor, self.confidence)

    def hull(self, other: Interval) -> Interval:
        """Return the smallest interval that contains both."""
        return Interval(
            min(self.low, other.low),
            max(self.high, other.high),
            min(self.confidence, other.confidence),
        )

    def within(self, low: float, high: float) -> Interval:
        """Clip to the possible values."""
        return Interval(max(self.low, low), min(self.high, high), self.confidence)


def unknown(confidence: float = CONFIDENCE) -> Interval:
    """Return the interval that rules out nothing."""
    return Interval(-math.inf, math.inf, confidence)


class Sample(NamedTuple):
    """One value per request (ms, or whether something happened), and when it happened."""

    values: ArrayLike
    times_ms: ArrayLike


# --- shares ---------------------------------------------------------------------------------------


def wilson(successes: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the Wilson score interval of a share, 0 to 1 (Wilson 1927); all of it without trials.

    Treats trials as independent.

    Raises:
        ValueError: The counts are impossible.
    """
    if n == 0 and successes == 0:
        return Interval(0.0, 1.0, confidence)
    found = scipy.stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(float(found.low), float(found.high), confidence)


def newcombe(k1: int, n1: int, k2: int, n2: int, confidence: float = CONFIDENCE) -> Interval:
    """Return by how much the second share k2/n2 exceeds the first k1/n1: -1 to 1.

    Newcombe's hybrid score interval (1998, method 10): the ends of both Wilson intervals, combined.
    """
    if not n1 or not n2:
        return Interval(-1.0, 1.0, confidence)
    first, second = wilson(k1, n1, confidence), wilson(k2, n2, confidence)
    return _difference((k1 / n1, first), (k2 / n2, second))


def _difference(first: tuple[float, Interval], second: tuple[float, Interval]) -> Interval:
    """Combine both shares and their intervals into that of second - first (square and add)."""
    (p1, one), (p2, two) = first, second
    down = math.hypot(p2 - two.low, one.high - p1)
    up = math.hypot(two.high - p2, p1 - one.low)
    return Interval(p2 - p1 - down, p2 - p1 + up, one.confidence).within(-1.0, 1.0)


def failure_bound(failures: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the largest share of failures compatible with so few of them: one-sided, exact.

    Clopper and Pearson's bound (1934). Without a failure it is 1 - (1 - confidence)^(1/n), which the
    rule of three approximates as 3/n.
    """
    if not n:
        return 1.0
    test = scipy.stats.binomtest(failures, n, alternative="less")
    return float(test.proportion_ci(confidence, method="exact").high)


def confidence_message(failures: int, n: int, confidence: float = CONFIDENCE) -> Message:
    """Return the message that states what `failures` of `n` requests prove.

    For instance `0 of 54,000 requests failed: at least 99.994 % good with 95 % confidence, in this
    window`. It says nothing about other windows, other load, or faults that did not happen.
    """
    if not n:
        return msg("confidence.no-requests")
    return msg(
        "confidence.requests",
        failures=failures,
        requests=n,
        least=1 - failure_bound(failures, n, confidence),
        confidence=confidence * 100,
    )


def share_interval(
    flags: ArrayLike,
    times_ms: ArrayLike,
    *,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> Interval:
    """Return the interval of the share of flagged requests, which may come in bursts.

    It is the hull of Wilson's interval, which takes requests as independent, and the block
    bootstrap's, which cannot see what never happened. Two shares are resampled independently only with
    different seeds.
    """
    happened, times = np.asarray(flags, dtype=bool), _floats(times_ms)
    exact = wilson(int(happened.sum()), len(happened), confidence)
    redrawn = _resample(times, seed)
    if redrawn is None:
        return exact
    # Stretching log odds keeps the interval within 0 and 1.
    with np.errstate(divide="ignore"):
        odds = _of_draws(scipy.special.logit(redrawn.shares(happened)), redrawn.blocks, confidence)
    low, high = (float(scipy.special.expit(end)) for end in (odds.low, odds.high))
    return exact.hull(Interval(low, high, confidence))


def share_difference(
    a: Sample,
    b: Sample,
    *,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return by how much the second share exceeds the first, if events may come in bursts.

    Newcombe's way of combining two intervals, applied to those of `share_interval` instead of
    Wilson's (Zou and Donner 2008 show that it carries over).
    """
    estimates = list[tuple[float, Interval]]()
    for number, sample in enumerate((a, b)):
        happened = np.asarray(sample.values, dtype=bool)
        if not len(happened):
            return Interval(-1.0, 1.0, confidence)
        found = share_interval(happened, sample.times_ms, confidence=confidence, seed=SEED + number)
        estimates.append((float(happened.mean()), found))
    return _difference(estimates[0], estimates[1])


# --- percentiles ----------------------------------------------------------------------------------


def percentile_difference(
    a: Sample,
    b: Sample,
    q: float,
    *,
    limit_ms: float = math.inf,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return by how many ms the q-quantile of the second run exceeds that of the first.

    Both runs are resampled independently. Values may be `inf` for requests that were never answered;
    these took at least `limit_ms` (the timeout), so a first run without answers still limits the
    difference from above, and a second one from below. Without answers, or with few, nothing is known.
    """
    drawn = _drawn((a, b), q)
    if drawn is None or too_few(a.values, b.values, q, confidence):
        return unknown(confidence)
    before, after, blocks = drawn
    with np.errstate(invalid="ignore"):
        least = np.minimum(after, limit_ms) - before
        most = after - np.minimum(before, limit_ms)
    return _between(least, most, blocks, confidence)


def percentile_change(
    a: Sample,
    b: Sample,
    q: float,
    *,
    limit_ms: float = math.inf,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return by which share of the first run's q-quantile the second one's exceeds it: above -1.

    From the same resamples as `percentile_difference`, on the scale of logarithms, on which an
    increase and the decrease that undoes it are equally far from no change.
    """
    drawn = _drawn((a, b), q)
    if drawn is None or too_few(a.values, b.values, q, confidence):
        return unknown(confidence)
    before, after, blocks = drawn
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.log(np.minimum(after, limit_ms)) - np.log(before)
        most = np.log(after) - np.log(np.minimum(before, limit_ms))
    found = _between(least, most, blocks, confidence)
    return Interval(relative(found.low), relative(found.high), confidence)


def relative(log_ratio: float) -> float:
    """Convert the logarithm of a ratio into a relative change: 0 for none, 0.1 for 10 % more."""
    return math.expm1(log_ratio) if log_ratio < LARGEST_LOG else math.inf


def _between(least: Floats, most: Floats, blocks: float, confidence: float) -> Interval:
    """Return from the low end of the one bootstrap distribution to the high end of the other."""
    low, high = _of_draws(least, blocks, confidence).low, _of_draws(most, blocks, confidence).high
    return Interval(low, high, confidence)


def _drawn(samples: tuple[Sample, Sample], q: float) -> tuple[Floats, Floats, float] | None:
    """Return the quantiles of both runs' resamples and the fewer blocks; None for too short a run."""
    one, two = (_percentiles(sample, q, SEED + number) for number, sample in enumerate(samples))
    return None if one is None or two is None else (one[0], two[0], min(one[1], two[1]))


def _percentiles(sample: Sample, q: float, seed: int) -> tuple[Floats, float] | None:
    times = _floats(sample.times_ms)
    redrawn = _resample(times, seed)
    if redrawn is None:
        return None
    return redrawn.quantiles(_floats(sample.values), q), redrawn.blocks


def _resample(times: Floats, seed: int) -> bootstrap.Resamples | None:
    """Resample a log; None if the run is too short or too uneven to estimate its variability."""
    if bootstrap.block_count(times) < LEAST_BLOCKS:
        return None
    redrawn = _cached_resamples(times.tobytes(), seed)
    return redrawn if redrawn.blocks >= 2 else None


@functools.lru_cache(maxsize=4)
def _cached_resamples(times: bytes, seed: int) -> bootstrap.Resamples:
    """Resample a log once for all figures computed from it."""
    return bootstrap.resample(
        np.frombuffer(times, dtype=np.float64), resamples=RESAMPLES, seed=seed
    )


def _of_draws(draws: Floats, blocks: float, confidence: float) -> Interval:
    """Return the percentile interval of bootstrap draws, widened for their number of blocks.

    With few blocks the plain interval is too narrow: it uses z where Student's t belongs, and draws
    vary less than the truth by (blocks - 1) / blocks. (Hesterberg 2015, section 5, widens the tails
    for both; here the distances from the median grow by the same factor, which needs no draws that
    far out.) A draw that is not a number (inf - inf) could be anything.
    """
    tail = (1 - confidence) / 2
    # Observed values only, rounded outwards: interpolation would turn an infinite end into NaN.
    low = _quantile(draws, tail, -np.inf, "lower")
    high = _quantile(draws, 1 - tail, np.inf, "higher")
    factor = float(scipy.stats.t.isf(tail, blocks - 1) / scipy.stats.norm.isf(tail))
    factor *= math.sqrt(blocks / (blocks - 1))
    down, up = (_quantile(draws, 0.5, nan, "nearest") for nan in (-np.inf, np.inf))
    # An infinite end stays: there is no distance to stretch.
    return Interval(
        up - factor * (up - low) if math.isfinite(up - low) else low,
        down + factor * (high - down) if math.isfinite(high - down) else high,
        confidence,
    )


def _quantile(
    draws: Floats, q: float, nan: float, method: Literal["lower", "higher", "nearest"]
) -> float:
    whole = np.nan_to_num(draws, nan=nan, posinf=np.inf, neginf=-np.inf)
    return float(np.quantile(whole, q, method=method))


# --- repeated runs --------------------------------------------------------------------------------


def mean_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean of one figure per run, by Student's t: between-run variance.

    With one run nothing is known. Identical values give an interval of width 0.
    """
    if len(values) < 2:
        return unknown(confidence)
    if len(set(values)) == 1:
        return Interval(values[0], values[0], confidence)
    found = scipy.stats.ttest_1samp(np.asarray(values, dtype=np.float64), 0.0)
    ends = found.confidence_interval(confidence)
    return Interval(float(ends.low), float(ends.high), confidence)


def pooled_share(
    failures: Sequence[int], totals: Sequence[int], confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of the share of failures over runs that may differ by more than chance.

    Korn and Graubard's interval (1998): Clopper and Pearson's for the effective number of independent
    requests. If runs vary more than independent requests would, that number is smaller by the design
    effect, and by the cost of estimating it from few runs.
    """
    n, k, runs = sum(totals), sum(failures), len(totals)
    if not n:
        return Interval(0.0, 1.0, confidence)
    effective = n / _design_effect(failures, totals)
    if runs > 1 and effective < n:
        tail = (1 - confidence) / 2
        effective *= float(scipy.stats.norm.isf(tail) / scipy.stats.t.isf(tail, runs - 1)) ** 2
    return clopper_pearson(k / n, effective, confidence)


def _design_effect(failures: Sequence[int], totals: Sequence[int]) -> float:
    """Return the variance of the pooled share over that of independent requests; at least 1."""
    n, runs = sum(totals), len(totals)
    share = sum(failures) / n
    if runs < 2 or share in {0.0, 1.0}:
        return 1.0
    residuals = np.asarray(failures) - share * np.asarray(totals)
    between = runs / (runs - 1) * float((residuals**2).sum()) / n**2
    return max(1.0, between / (share * (1 - share) / n))


def clopper_pearson(share: float, n: float, confidence: float) -> Interval:
    """Return the exact interval of a share (1934) for a number of trials that need not be whole."""
    tail, successes = (1 - confidence) / 2, share * n
    low = float(scipy.stats.beta.ppf(tail, successes, n - successes + 1)) if successes > 0 else 0.0
    high = float(scipy.stats.beta.isf(tail, successes + 1, n - successes)) if successes < n else 1.0
    return Interval(low, high, confidence)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
