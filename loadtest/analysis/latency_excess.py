"""How endpoints are compared: by how much longer one takes than the others at the same time.

Under load everything waits behind everything else, so a slow request does not identify a slow endpoint.
What does is how much longer an endpoint takes than the others *at the same time*: its excess. The
requests, ordered by start, are cut into slices of equally many; an endpoint's excess in a slice is its
mean wait minus that of a typical other endpoint. Excess is measured in multiples of the unloaded
baseline: the typical wait in the fastest tenth of the slices, where nothing queues.

An endpoint stands out, over the whole run, in the third of the slices with the lowest request rate or in
that with the highest, if

- its excess is a multiple of the baseline and large enough to notice, beyond what chance explains (the
  mean excess minus three standard errors), and
- is present in most of these slices individually. An endpoint that is merely visited later, when the
  load was higher, fails this condition.

The entry point, where visits start, is a special case: its requests also open the connection and queue
for admission behind visits in progress. It stands out only if its excess is present in every slice,
including those at low load.

An unanswered request counts with the time that was spent waiting for it. One that was refused or broken
off says nothing about how long an endpoint takes, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtest.analysis import columns
from loadtest.array_types import Flags, Floats, Indices
from loadtest.models import Percentile
from loadtest.outcomes import Outcome
from loadtest.runs.table import RequestTable


@dataclass(frozen=True)
class Thresholds:
    """The conditions under which an endpoint stands out."""

    excess_ratio: float = 2.0
    """Minimum excess as a multiple of the unloaded baseline. A visitor's first request also opens the
    connection, which can double its time (an excess of 1); that alone must not be a finding."""
    excess_ms: float = 20.0
    """Minimum excess: a smaller one goes unnoticed."""
    standard_errors: float = 3.0
    """How many standard errors are subtracted from the excess."""
    slices: float = 0.75
    """Share of the slices in which at least half of that excess must be present."""
    requests: int = 50
    """Minimum number of requests to an endpoint; fewer say nothing about it."""


THRESHOLDS = Thresholds()
MAX_SLICES = 30
MIN_SLICES = 6
REQUESTS_PER_SLICE = 15
"""Average number of requests to each endpoint in a slice."""
MIN_REQUESTS_IN_SLICE = 4
"""An endpoint with fewer requests in a slice is not compared there."""
VARIED_RATIO = 1.5
"""The load varied if the rate of the highest third is this many times that of the lowest."""
ENTRY_SHARE = 0.9
"""An endpoint is the entry point if this share of its requests are their user's first."""
UNLOADED_QUANTILE = 0.1
"""Share of the slices, the fastest ones, that are taken to be free of queues."""


@dataclass(frozen=True)
class WaitTimes:
    """How long visitors waited, request by request and ordered by start."""

    rows: Flags
    """The rows of the table that are included."""
    ms: Floats
    start_ms: Floats
    unanswered: Flags
    first: Flags
    """Which of them are their user's first."""

    def rows_of(self, table: RequestTable, endpoint: str) -> Flags:
        """Return which rows of the table are included and belong to this endpoint."""
        return self.rows & table.endpoint.mask(endpoint)


def wait_times(table: RequestTable) -> WaitTimes:
    """Return how long visitors waited in a run, without requests that say nothing about it."""
    timeout = table.is_(Outcome.TIMEOUT)
    rows = timeout | ~np.isnan(table.ttfb_ms)
    if len(table):
        # After the last arrival the load only drains, and the rate says nothing about the queues.
        rows &= table.start_ms <= table.arrived_ms.max()
    waited = np.where(timeout, table.total_ms, table.ttfb_ms)
    first = np.zeros(len(table), dtype=bool)
    first[np.unique(table.user.codes, return_index=True)[1]] = True
    return WaitTimes(rows, waited[rows], table.start_ms[rows], timeout[rows], first[rows])


class SlicedRun:
    """A run cut into slices. Endpoints are identified by their position in `names`."""

    def __init__(
        self, names: list[str], masks: list[Flags], waits: WaitTimes, thresholds: Thresholds
    ) -> None:
        self.names = names
        self.thresholds = thresholds
        self._waits = waits
        self._rows = [np.flatnonzero(mask) for mask in masks]
        total = len(waits.ms)
        self.slices = min(MAX_SLICES, total // (REQUESTS_PER_SLICE * len(names)))
        if self.slices < MIN_SLICES:
            return
        self._slice = np.arange(total) * self.slices // total
        self._rates = self._rates_of_slices()
        self._means, self._errors = (
            np.array(column) for column in zip(*map(self._by_slice, self._rows), strict=True)
        )
        third = max(2, self.slices // 3)
        order = np.argsort(self._rates, kind="stable")
        self.whole, self.low_load, self.high_load = order, order[:third], order[-third:]

    def _rates_of_slices(self) -> Floats:
        first = np.searchsorted(self._slice, np.arange(self.slices))
        bounds = np.append(self._waits.start_ms[first], self._waits.start_ms[-1])
        counts = np.bincount(self._slice, minlength=self.slices)
        return counts / np.maximum(np.diff(bounds), 1.0) * 1000

    def _by_slice(self, rows: Indices) -> tuple[Floats, Floats]:
        """Return the mean wait per slice and its squared standard error; NaN for too few requests."""
        slices, waited = self._slice[rows], self._waits.ms[rows]
        counts = np.bincount(slices, minlength=self.slices).astype(np.float64)
        counts[counts < MIN_REQUESTS_IN_SLICE] = np.nan
        means = np.bincount(slices, weights=waited, minlength=self.slices) / counts
        squares = (waited - means[slices]) ** 2
        spread = np.bincount(slices, weights=squares, minlength=self.slices) / (counts - 1)
        return means, spread / counts

    def rate(self, slices: Indices) -> float:
        """Return the requests per second in these slices, over all endpoints."""
        return float(np.mean(self._rates[slices]))

    @property
    def load_varied(self) -> bool:
        """Whether the load varied enough to say what it changes."""
        return self.rate(self.high_load) >= VARIED_RATIO * self.rate(self.low_load)

    def request_count(self, endpoint: int) -> int:
        """Return the number of requests to an endpoint."""
        return len(self._rows[endpoint])

    def total_wait_ms(self, endpoint: int) -> float:
        """Return the total time that visitors waited for an endpoint."""
        return float(self._waits.ms[self._rows[endpoint]].sum())

    def p95(self, endpoint: int, slices: Indices) -> Percentile | None:
        """Return an endpoint's p95 in these slices; None without a request."""
        rows = self._rows[endpoint]
        rows = rows[np.isin(self._slice[rows], slices)]
        if not len(rows):
            return None
        rows = rows[np.argsort(self._waits.ms[rows], kind="stable")]
        row = rows[columns.nearest_rank(len(rows), columns.QUANTILES["p95"]) - 1]
        return Percentile(
            value_ms=round(float(self._waits.ms[row]), 3),
            at_least=bool(self._waits.unanswered[row]),
        )

    def typical_p95(self, endpoint: int, slices: Indices) -> float:
        """Return the median p95 of the other endpoints; NaN if none has one."""
        others = [
            found.value_ms
            for other in range(len(self.names))
            if other != endpoint and (found := self.p95(other, slices)) is not None
        ]
        return float(np.median(others)) if others else float("nan")

    def mean_excess_ms(self, endpoint: int, slices: Indices) -> float:
        """Return by how much longer an endpoint takes than a typical other one, in these slices."""
        excess, _ = self._excess_by_slice(endpoint, slices)
        return float(np.mean(excess)) if len(excess) else 0.0

    def is_entry_point(self, endpoint: int) -> bool:
        """Return whether visits start at an endpoint."""
        return bool(np.mean(self._waits.first[self._rows[endpoint]]) >= ENTRY_SHARE)

    def stands_out(self, endpoint: int) -> bool:
        """Return whether an endpoint is slower than a typical other one, at least at some load."""
        if self.is_entry_point(endpoint):
            return self._is_slower(endpoint, self.whole, share=1.0)
        whole, low, high = self.whole, self.low_load, self.high_load
        bands = [whole, low, high] if self.load_varied else [whole]
        return any(self._is_slower(endpoint, band, share=self.thresholds.slices) for band in bands)

    def _is_slower(self, endpoint: int, slices: Indices, *, share: float) -> bool:
        """Return whether it is slower over these slices, and clearly so in that share of them."""
        excess, errors = self._excess_by_slice(endpoint, slices)
        if len(excess) < 2:
            return False
        baseline = self._unloaded_baseline_ms(endpoint)
        least = max(self.thresholds.excess_ratio * baseline, self.thresholds.excess_ms)
        error = np.sqrt(np.sum(errors)) / len(excess)
        significant = np.mean(excess) - self.thresholds.standard_errors * error >= least
        return bool(significant and np.mean(excess >= least / 2) >= share)

    def _excess_by_slice(self, endpoint: int, slices: Indices) -> tuple[Floats, Floats]:
        """Return the excess per slice and its squared standard error, where both are known."""
        typical, error = self._typical_other(endpoint, slices)
        excess = self._means[endpoint, slices] - typical
        known = ~np.isnan(excess)
        return excess[known], (self._errors[endpoint, slices] + error)[known]

    def _typical_other(self, endpoint: int, slices: Indices) -> tuple[Floats, Floats]:
        """Return a typical other endpoint's mean per slice, and its squared standard error.

        The median of the others, so that a second slow endpoint does not hide the first.
        """
        means = np.delete(self._means, endpoint, axis=0)[:, slices]
        errors = np.delete(self._errors, endpoint, axis=0)[:, slices]
        typical, error = np.full(len(slices), np.nan), np.full(len(slices), np.nan)
        known = ~np.isnan(means).all(axis=0)
        typical[known] = np.nanmedian(means[:, known], axis=0)
        error[known] = np.nanmedian(errors[:, known], axis=0)
        return typical, error

    def _unloaded_baseline_ms(self, endpoint: int) -> float:
        """Return how long a request to a typical other endpoint takes where nothing queues."""
        typical, _ = self._typical_other(endpoint, self.whole)
        return float(np.nanquantile(typical, UNLOADED_QUANTILE))
