"""Moving-block bootstrap of a request log: how far a figure would move in another such run.

Requests that follow each other are alike (a queue, a garbage collection, a noisy neighbour slows
many of them), so they must not be redrawn one by one: intervals from such draws are too narrow.
Drawn are whole blocks of time instead, wherever they begin (Künsch 1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtest.analysis.columns import nearest_rank
from loadtest.arrays import Flags, Floats, Ints

SHORTEST_S, LONGEST_S = 5.0, 10.0
"""Blocks must outlast what makes neighbouring requests alike, and leave enough of themselves."""
LONG_RUN_S = 360.0
"""A run of this length (the published experiment) gets the longest blocks."""
LEAF = 128
"""So many values are weighed one by one; more of them are halved first."""


@dataclass(frozen=True)
class Resamples:
    """Redrawn request logs, as ranges of requests in the order of their times.

    Row r is one resample; it consists of the requests `low[r, k]` (included) to `high[r, k]` (not
    included) for every block k.
    """

    order: Ints
    """Sorts a column of the request log by time."""
    low: Ints
    high: Ints
    blocks: float
    """How many blocks of equal size would tell as much (Kish 1965): less than there are, where some
    hold few requests."""

    @property
    def totals(self) -> Ints:
        """Requests in each resample; they differ as blocks hold different numbers."""
        return (self.high - self.low).sum(axis=1)

    def counts(self, flags: Flags) -> Ints:
        """How many flagged requests each resample has."""
        return _covered(flags[self.order], self.low, self.high)

    def shares(self, flags: Flags) -> Floats:
        """The share of flagged requests in each resample; NaN in one that hit only gaps."""
        with np.errstate(invalid="ignore"):
            return self.counts(flags) / self.totals

    def quantiles(self, values: Floats, q: float) -> Floats:
        """Each resample's q-quantile by nearest rank; infinite values are allowed.

        A resample that hit only gaps between requests has no quantile: NaN.
        """
        ordered = values[self.order]
        by_value = np.argsort(ordered, kind="stable")
        ranks = nearest_rank(self.totals, q)
        found = np.full(len(ranks), np.nan)
        # Bisection over the sorted values, for all resamples at once: those whose quantile is in the
        # lower half go left. `ranks` counts from the beginning of what is left.
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
        """For each resample of `rows`, which of the requests `near`, by value, has its rank."""
        sorting = np.argsort(ordered[near], kind="stable")
        low, high = (np.searchsorted(near, ends[rows]) for ends in (self.low, self.high))
        return _nth(low, high, sorting, ranks)


def _covered(flags: Flags, low: Ints, high: Ints) -> Ints:
    """How many flagged requests lie in each row's ranges, in the order of time."""
    before = np.concatenate([[0], np.cumsum(flags)])
    return (before[high] - before[low]).sum(axis=1)


def _nth(low: Ints, high: Ints, sorting: Ints, ranks: Ints) -> Ints:
    """For each row, the position in sorted order of the element of that rank (from 1).

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
    """Redraws a request log `resamples` times. `times_ms` are the requests' start times, not empty.

    Blocks are as long as fits the run a whole number of times, about `block_s`.
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
    """How many blocks of about that length a run has; at least one, but for no requests at all.

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
