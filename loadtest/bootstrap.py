"""Moving-block bootstrap of a request log: how far a figure would move in another such run.

Requests that follow each other are alike (a queue, a garbage collection, a noisy neighbour slows
many of them), so they must not be redrawn one by one: intervals from such draws are too narrow.
Drawn are whole blocks of time instead, wherever they begin (Künsch 1989).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHORTEST_S, LONGEST_S = 5.0, 10.0
"""Blocks must outlast what makes neighbouring requests alike, and leave enough of themselves."""
LONG_RUN_S = 360.0
"""A run of this length (the published experiment) gets the longest blocks."""
CELLS = 4_000_000
"""Size of the largest working array: bounds memory whatever the number of requests."""


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
        return self._counts(flags[self.order])

    def _counts(self, ordered: Flags) -> Ints:
        before = np.concatenate([[0], np.cumsum(ordered)])
        return (before[self.high] - before[self.low]).sum(axis=1)

    def shares(self, flags: Flags) -> Floats:
        """The share of flagged requests in each resample."""
        return self.counts(flags) / np.maximum(self.totals, 1)

    def quantiles(self, values: Floats, q: float) -> Floats:
        """Each resample's q-quantile by nearest rank; infinite values are allowed.

        Only values near the quantile can become it, so only those are weighed one by one; the ones
        below are counted. Where that band proves too narrow for a resample, it is widened. A
        resample that happened to hit only gaps has no quantile: NaN.
        """
        filled = self.totals > 0
        if not filled.all():
            found = np.full(len(filled), np.nan)
            if filled.any():
                part = replace(self, low=self.low[filled], high=self.high[filled])
                found[filled] = part.quantiles(values, q)
            return found
        ordered = values[self.order]
        by_value = np.argsort(ordered, kind="stable")
        size = len(ordered)
        ranks = np.maximum(np.ceil(q * self.totals).astype(np.int64), 1)
        # How far resamples shift the rank of the quantile tells how wide the band must be.
        is_below = np.zeros(size, dtype=bool)
        is_below[by_value[: int(q * size)]] = True
        shift = float(np.abs(self._counts(is_below) / self.totals - q).max())
        half = 100 + int(1.5 * shift * size)
        while True:
            first, last = max(0, int(q * size) - half), min(size, int(q * size) + half)
            found = self._within(ordered, by_value, (first, last), ranks)
            if found is not None:
                return found
            half *= 3

    def _within(
        self, ordered: Floats, by_value: Ints, band: tuple[int, int], ranks: Ints
    ) -> Floats | None:
        """The values of those ranks, or None if one of them is not in the band."""
        first, last = band
        is_below = np.zeros(len(ordered), dtype=bool)
        is_below[by_value[:first]] = True
        is_near = np.zeros(len(ordered), dtype=bool)
        is_near[by_value[first:last]] = True
        below = self._counts(is_below)
        if (below >= ranks).any() or (below + self._counts(is_near) < ranks).any():
            return None
        near = np.flatnonzero(is_near)
        sorting = np.argsort(ordered[near], kind="stable")
        before = np.concatenate([[0], np.cumsum(is_near)])
        step = max(1, CELLS // (len(near) + 1))
        parts = [
            _nth(before[self.low[rows]], before[self.high[rows]], sorting, (ranks - below)[rows])
            for rows in (slice(at, at + step) for at in range(0, len(ranks), step))
        ]
        return ordered[near][sorting][np.concatenate(parts)]


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
