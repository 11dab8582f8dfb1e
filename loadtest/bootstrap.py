"""Moving-block bootstrap of a request log: how far a figure would move in another such run.

Requests that follow each other are alike (a queue, a garbage collection, a noisy neighbour slows
many of them), so they must not be redrawn one by one: intervals from such draws are too narrow.
Drawn are whole blocks of time instead (Künsch 1989). And a load profile rises by design, which a
repetition would do in the same way; so a block is only replaced by one that lies near it in time
(the local block bootstrap for series with a trend: Paparoditis and Politis 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NEIGHBOURHOOD_S = 30.0
"""From how far before or after itself a block is replaced, in seconds."""
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
    blocks: int

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
        below are counted. Where that band proves too narrow for a resample, it is widened.
        """
        ordered = values[self.order]
        by_value = np.argsort(ordered, kind="stable")
        size = len(ordered)
        ranks = np.maximum(np.ceil(q * self.totals).astype(np.int64), 1)
        half = max(200, size // 50)
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
    times_ms: Floats,
    *,
    block_s: float,
    resamples: int,
    seed: int,
    neighbourhood_s: float = NEIGHBOURHOOD_S,
) -> Resamples:
    """Redraws a request log `resamples` times. `times_ms` are the requests' start times, not empty.

    Blocks are as long as fits the run a whole number of times, about `block_s`.
    """
    order = np.argsort(times_ms, kind="stable")
    ordered = times_ms[order]
    begin, end = float(ordered[0]), float(np.nextafter(ordered[-1], np.inf))
    blocks = block_count(times_ms, block_s)
    length = (end - begin) / blocks
    places = begin + length * np.arange(blocks)
    reach = neighbourhood_s * 1000
    earliest = np.maximum(places - reach, begin)
    latest = np.minimum(places + reach, end - length)
    drawn = np.random.default_rng(seed).uniform(size=(resamples, blocks))
    starts = earliest + drawn * (np.maximum(latest, earliest) - earliest)
    low = np.searchsorted(ordered, starts, side="left")
    high = np.searchsorted(ordered, starts + length, side="left")
    return Resamples(order, low, high, blocks)


def block_count(times_ms: Floats, block_s: float) -> int:
    """How many blocks of about that length a run has; at least one."""
    if not len(times_ms):
        return 0
    return max(1, round(float(times_ms.max() - times_ms.min()) / (block_s * 1000)))
