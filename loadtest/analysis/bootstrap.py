"""Moving-block bootstrap of a request log: how much a figure would vary in another such run.

Neighboring requests are correlated (a queue, a garbage collection or a noisy neighbor slows many of
them), so they must not be resampled one by one: the intervals would be too narrow. Instead, whole
blocks of time are drawn, starting anywhere (Künsch 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtest.analysis.columns import nearest_rank
from loadtest.array_types import Flags, Floats, Ints

SHORTEST_S, LONGEST_S = 5.0, 10.0
"""Blocks must outlast the correlation between neighbors, and still be numerous."""
LONG_RUN_S = 360.0
"""A run of this length (the published experiment) gets the longest blocks."""
LEAF = 128
"""Up to this many values are ranked directly; longer ranges are bisected first."""


@dataclass(frozen=True)
class Resamples:
    """Resampled request logs, as ranges of requests ordered by time.

    Row r is one resample; it consists of the requests `low[r, k]` (inclusive) to `high[r, k]`
    (exclusive) for every block k.
    """

    order: Ints
    """Sorts a column of the request log by time."""
    low: Ints
    high: Ints
    blocks: float
    """Effective number of blocks (Kish 1965): how many of equal size would be worth as much. Smaller
    than the actual number if some contain few requests."""

    @property
    def totals(self) -> Ints:
        """Number of requests in each resample; blocks contain different numbers."""
        return (self.high - self.low).sum(axis=1)

    def counts(self, flags: Flags) -> Ints:
        """Count the flagged requests of each resample."""
        return _covered(flags[self.order], self.low, self.high)

    def shares(self, flags: Flags) -> Floats:
        """Return the share of flagged requests in each resample; NaN for one that hit only gaps."""
        with np.errstate(invalid="ignore"):
            return self.counts(flags) / self.totals

    def quantiles(self, values: Floats, q: float) -> Floats:
        """Return each resample's q-quantile by nearest rank; infinite values are allowed.

        A resample that hit only gaps between requests has no quantile: NaN.
        """
        ordered = values[self.order]
        by_value = np.argsort(ordered, kind="stable")
        ranks = nearest_rank(self.totals, q)
        found = np.full(len(ranks), np.nan)
        # Bisection over the sorted values, for all resamples at once: those whose quantile is in the
        # lower half go left. `ranks` counts from the start of the remaining range.
        left = [(0, len(ordered), np.flatnonzero(self.totals), ranks[self.totals > 0])]
        while left:
            first, last, rows, ranked = left.pop()
            if not len(rows):
                continue
            if last - first <= LEAF:
                near = np.sort(by_value[first:last])
                nth = self._nth(near, ordered, rows, ranked)
                found[rows] = ordered[by_value[first + nth]]
                continue
            middle = (first + last) // 2
            is_lower = np.zeros(len(ordered), dtype=bool)
            is_lower[by_value[first:middle]] = True
            lower = _covered(is_lower, self.low[rows], self.high[rows])
            go = ranked <= lower
            left.append((first, middle, rows[go], ranked[go]))
            left.append((middle, last, rows[~go], (ranked - lower)[~go]))
        return found

    def _nth(self, near: Ints, ordered: Floats, rows: Ints, ranks: Ints) -> Ints:
        """Return, for each resample of `rows`, which of the requests `near`, by value, has its rank."""
        sorting = np.argsort(ordered[near], kind="stable")
        low, high = (np.searchsorted(near, ends[rows]) for ends in (self.low, self.high))
        return _nth(low, high, sorting, ranks)


def _covered(flags: Flags, low: Ints, high: Ints) -> Ints:
    """Count the flagged requests in each row's ranges; `flags` are ordered by time."""
    before = np.concatenate([[0], np.cumsum(flags)])
    return (before[high] - before[low]).sum(axis=1)


def _nth(low: Ints, high: Ints, sorting: Ints, ranks: Ints) -> Ints:
    """Return, for each row, the position in sorted order of the element of that rank (from 1).

    An element counts as often as the row's ranges [low, high) cover it.
    """
    rows, width = len(low), len(sorting) + 1
    offsets = (np.arange(rows) * width)[:, None]
    size = rows * width
    edges = np.bincount((low + offsets).ravel(), minlength=size)
    edges -= np.bincount((high + offsets).ravel(), minlength=size)
    covered = np.cumsum(edges.reshape(rows, width), axis=1, dtype=np.int32)[:, sorting]
    upto = np.cumsum(covered, axis=1, dtype=np.int32)
    return (upto < ranks[:, None]).sum(axis=1)


def resample(
    times_ms: Floats, *, resamples: int, seed: int, block_s: float | None = None
) -> Resamples:
    """Resample a request log `resamples` times. `times_ms` are the requests' start times, not empty.

    The length of blocks is about `block_s`, such that a whole number of them fits the run.
    """
    order = np.argsort(times_ms, kind="stable")
    ordered = times_ms[order]
    begin, end = float(ordered[0]), float(np.nextafter(ordered[-1], np.inf))
    blocks = block_count(times_ms, block_s)
    length = (end - begin) / blocks
    starts = np.random.default_rng(seed).uniform(begin, end - length, size=(resamples, blocks))
    low = np.searchsorted(ordered, starts, side="left")
    high = np.searchsorted(ordered, starts + length, side="left")
    held = np.histogram(ordered, blocks)[0].astype(np.float64)
    return Resamples(order, low, high, float(held.sum() ** 2 / (held**2).sum()))


def block_count(times_ms: Floats, block_s: float | None = None) -> int:
    """Return how many blocks of about that length a run has: at least one, unless it has no request.

    By default their length grows with the cube root of the run's, the rate that is best for the
    variance of a mean (Hall, Horowitz and Jing 1995), from 5 s to 10 s.
    """
    if not len(times_ms):
        return 0
    span_s = float(times_ms.max() - times_ms.min()) / 1000
    if block_s is None:
        best = LONGEST_S * (span_s / LONG_RUN_S) ** (1 / 3)
        block_s = min(LONGEST_S, max(SHORTEST_S, best))
    return max(1, round(span_s / block_s))
