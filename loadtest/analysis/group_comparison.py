"""What changed between two groups of saved runs, with the variation between runs as uncertainty.

Groups need not be equal in number, and one of them may be a single run: Student's t of two samples
with one common variance, which then is the prediction of one more run of the larger group.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

import numpy as np
import scipy  # loads `scipy.stats`, which takes a second or more, at its first use

from loadtest.analysis import comparability, inference, run_comparison
from loadtest.analysis.inference import Interval, newcombe, unknown
from loadtest.analysis.margins import Margins, worst
from loadtest.analysis.run_comparison import Change, Comparison, Metric
from loadtest.analysis.saved_runs import SavedRun
from loadtest.messages.message import msg
from loadtest.models import Latency, Percentile, Requests, RunSummary

FAILED_USERS = "failed_users"
SHORTEST_MS = 0.001
"""What a percentile of 0 counts as on the scale of logarithms: the recorder's resolution."""


def compare(
    a: Sequence[SavedRun],
    b: Sequence[SavedRun],
    *,
    by_endpoint: bool = False,
    confidence: float = 0.95,
    margins: Margins | None = None,
) -> Comparison:
    """Compare two groups of runs, at least one in each; one of each by what the two runs show.

    Raises:
        ComparisonError: The conditions of two runs differ, or a run is not valid.
        ResultsError: A run's requests cannot be read.
    """
    if len(a) == len(b) == 1:
        return run_comparison.compare(
            a[0], b[0], by_endpoint=by_endpoint, confidence=confidence, margins=margins
        )
    first, *others = every = [*a, *b]
    for other in others:
        comparability.require(first.summary, other.summary)
    summaries = [run.summary for run in every]
    comparability.require_valid(*summaries)
    endpoints = run_comparison.common_endpoints(summaries) if by_endpoint else ()
    metrics = run_comparison.metrics_of(endpoints)
    each = run_comparison.confidence_per_row(confidence, len(metrics))
    sides = [run.summary for run in a], [run.summary for run in b]
    changes = [_change(metric, sides, each, margins) for metric in metrics]
    return Comparison(
        a=run_comparison.ref(a[0]),
        b=run_comparison.ref(b[0]),
        more_a=list(map(run_comparison.ref, a[1:])),
        more_b=list(map(run_comparison.ref, b[1:])),
        confidence=confidence,
        changes=changes,
        outcome=worst(one.outcome for one in changes),
        summary=run_comparison.summarize(changes, confidence),
        note=msg("compare.between-runs", a=len(a), b=len(b)),
    )


def unpaired(a: Sequence[float], b: Sequence[float], confidence: float) -> Interval:
    """Return by how much the mean of the second group exceeds that of the first (Student's t).

    Nothing is known of one run each. Groups without any variance give an interval of width 0.
    """
    freedom = len(a) + len(b) - 2
    if freedom < 1 or not a or not b:
        return unknown(confidence)
    squares = sum(float(((np.asarray(one) - np.mean(one)) ** 2).sum()) for one in (a, b))
    error = math.sqrt(squares / freedom * (1 / len(a) + 1 / len(b)))
    half = error * float(scipy.stats.t.isf((1 - confidence) / 2, freedom))
    difference = statistics.fmean(b) - statistics.fmean(a)
    return Interval(difference - half, difference + half, confidence)


def _change(
    metric: Metric,
    sides: tuple[Sequence[RunSummary], Sequence[RunSummary]],
    confidence: float,
    margins: Margins | None,
) -> Change:
    timeout_ms = sides[0][0].scenario.timeout_s * 1000
    if metric.q is None:
        counts = [[_counts(metric, run) for run in side] for side in sides]
        values, interval = _shares(counts, confidence)
        return run_comparison.row(metric, values, (interval, None), timeout_ms, margins)
    found = [[_latency_of(metric, run) for run in side] for side in sides]
    known = [[one for one in side if one is not None] for side in found]
    values = [_mean(side) for side in known]
    intervals = (
        _limited(known, confidence, lambda one: one.value_ms),
        _limited(known, confidence, lambda one: math.log(max(one.value_ms, SHORTEST_MS))),
    )
    relative = Interval(
        inference.relative(intervals[1].low), inference.relative(intervals[1].high), confidence
    )
    return run_comparison.row(metric, values, (intervals[0], relative), timeout_ms, margins)


def _shares(
    counts: Sequence[Sequence[tuple[int, int]]], confidence: float
) -> tuple[list[float], Interval]:
    """Return the mean share of each side, and the interval of their difference."""
    shares = [[k / n for k, n in side if n] for side in counts]
    interval = unpaired(shares[0], shares[1], confidence)
    if interval.known:
        # Runs that all agree (none failed) must not look more certain than their numbers allow.
        (k1, n1), (k2, n2) = (
            [sum(column) for column in zip(*side, strict=True)] for side in counts
        )
        interval = interval.hull(newcombe(k1, n1, k2, n2, confidence)).within(-1.0, 1.0)
    return [statistics.fmean(side) if side else math.nan for side in shares], interval


def _counts(metric: Metric, run: RunSummary) -> tuple[int, int]:
    """Return how often it happened, and of how many."""
    if metric.key == FAILED_USERS:
        return run.users.failed, run.users.created
    requests: Requests = _part(metric, run)[0]
    return sum(requests.count(outcome) for outcome in metric.outcomes), requests.total


def _latency_of(metric: Metric, run: RunSummary) -> Percentile | None:
    latency = _part(metric, run)[1]
    return (latency.censored or {}).get(metric.key)


def _part(metric: Metric, run: RunSummary) -> tuple[Requests, Latency]:
    """Return what a metric is about: the whole run, or one of its endpoints."""
    if metric.endpoint is None:
        return run.requests, run.latency
    found = next(one for one in run.endpoints if one.name == metric.endpoint)
    return found.requests, found.latency


def _mean(found: Sequence[Percentile]) -> float:
    """Return the mean of a side's percentiles in ms; infinite if one is only a lower bound."""
    if any(one.at_least for one in found):
        return math.inf
    return statistics.fmean(one.value_ms for one in found) if found else math.nan


def _limited(
    sides: Sequence[Sequence[Percentile]],
    confidence: float,
    scale: Callable[[Percentile], float],
) -> Interval:
    """Return the interval on a scale; a percentile known to be at least the timeout limits one end."""
    first, second = sides
    found = unpaired([scale(one) for one in first], [scale(one) for one in second], confidence)
    low = -math.inf if any(one.at_least for one in first) else found.low
    high = math.inf if any(one.at_least for one in second) else found.high
    return Interval(low, high, confidence)
