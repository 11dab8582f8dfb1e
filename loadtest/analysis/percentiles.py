"""How certain the percentile of one run is, although neighboring requests are correlated.

Woodruff's method (1952): the share of requests slower than the percentile gets an interval, and its
ends are looked up among the sorted latencies. The share's interval is Clopper and Pearson's for as
many independent requests as the run is worth (Korn and Graubard 1998). That number follows from how
the share varies between blocks of time.

A load that rises by design makes late blocks slower than early ones; that is no uncertainty, as
another run rises likewise. Only differences between near blocks count therefore (von Neumann 1941):
the rise is small from one to the next. `docs/statistics.md` says how well this covers.
"""

from __future__ import annotations

import math

import numpy as np
import scipy

from loadtest.analysis import bootstrap
from loadtest.analysis.columns import quantile
from loadtest.analysis.inference import (
    CONFIDENCE,
    LEAST_BLOCKS,
    Interval,
    clopper_pearson,
    unknown,
)
from loadtest.array_types import Floats

EFFICIENCY = 2 / 3
"""A variance from successive differences is worth that share of its degrees of freedom."""


def percentile_interval(
    values: Floats, times_ms: Floats, q: float, confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of the q-quantile, in the unit of `values`, which are at least 0.

    Args:
        values: One per request; infinite for one that was never answered.
        times_ms: When each request started.
        q: 0 to 1, both exclusive.
        confidence: 0 to 1, both exclusive.

    Both ends are observed values, but for a low end of 0 or a high end of infinity where the run is
    worth too few requests to limit it. A run of less than five blocks of time has no interval.
    """
    count = len(values)
    blocks = bootstrap.block_count(times_ms)
    if blocks < LEAST_BLOCKS:
        return unknown(confidence)
    slow = values >= quantile(values, q)
    worth = count / _design_effect(slow, times_ms, blocks)
    worth *= _few_blocks(times_ms, blocks, confidence)
    tail = clopper_pearson(1 - q, worth, confidence)
    first = math.floor(count * (1 - tail.high))
    last = math.ceil(count * (1 - tail.low)) + 1
    ordered = np.sort(values)
    return Interval(
        float(ordered[first - 1]) if first >= 1 else 0.0,
        float(ordered[last - 1]) if last <= count else math.inf,
        confidence,
    )


def _design_effect(slow: np.ndarray, times_ms: Floats, blocks: int) -> float:
    """Return the variance of the share of slow requests over that of independent ones; at least 1."""
    share = float(slow.mean())
    if share == 1:
        return 1.0
    held = np.histogram(times_ms, blocks)[0]
    excess = (
        np.histogram(times_ms[slow], blocks, (times_ms.min(), times_ms.max()))[0] - share * held
    )
    # Next neighbors may be too much alike, so those two blocks apart have a say as well.
    variance = max(
        blocks / (2 * (blocks - lag)) * float(((excess[lag:] - excess[:-lag]) ** 2).sum())
        for lag in (1, 2)
    )
    return max(1.0, variance / (len(slow) * share * (1 - share)))


def _few_blocks(times_ms: Floats, blocks: int, confidence: float) -> float:
    """Return the share of its worth that a run keeps, as few blocks say little about their variance.

    Student's t instead of z. Blocks with few requests count less (Kish 1965).
    """
    held = np.histogram(times_ms, blocks)[0].astype(np.float64)
    equal = float(held.sum() ** 2 / (held**2).sum())
    freedom = max(1.0, EFFICIENCY * (equal - 1))
    tail = (1 - confidence) / 2
    return float(scipy.stats.norm.isf(tail) / scipy.stats.t.isf(tail, freedom)) ** 2
