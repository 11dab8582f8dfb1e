"""How endpoints are compared: by how much longer one takes than the others at the same time.

Under load everything waits behind everything else, so a slow request does not tell a slow endpoint.
What does is by how much longer it takes than the others *at the same time*: its excess. The requests
are cut, in the order of their start, into pieces of equally many; an endpoint's excess in a piece is
its mean wait less that of a typical other endpoint. The typical wait in the calmest tenth of the
pieces is the measure: so long does a request take that meets no queue.

An endpoint stands out, in all of the run, in the third of the pieces with the lowest rate of requests
or in that with the highest, if

- its excess is a multiple of the measure, and more than somebody would notice, beyond what chance
  explains (the mean excess less three standard errors), and
- is there in most of the pieces one by one. An endpoint that is merely visited later, when the load
  was higher, fails this.

The endpoint where visits begin is a case of its own: its requests also open the connection and wait to
be let in, before visits that are under way. It stands out only if its excess is there in every piece,
also where the load was low.

An unanswered request has waited as long as it was waited for. One that was refused or broken off says
nothing about how long an endpoint takes, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtest.analysis import columns
from loadtest.arrays import Flags, Floats, Indices
from loadtest.models import Percentile
from loadtest.outcomes import Outcome
from loadtest.runs.table import RequestTable


@dataclass(frozen=True)
class Limits:
    """From where on an endpoint stands out."""

    excess: float = 2.0
    """Its excess as a multiple of a typical wait without a queue. A visitor's first request also opens
    the connection, which can double it (an excess of 1); that alone is not to be a finding."""
    excess_ms: float = 20.0
    """The least excess: less is noticed by nobody."""
    errors: float = 3.0
    """Standard errors that are taken off the excess."""
    pieces: float = 0.75
    """Share of the pieces in which at least half of that excess has to be."""
    requests: int = 50
    """Fewer of them say nothing about an endpoint."""


LIMITS = Limits()
PIECES_MOST = 30
PIECES_LEAST = 6
PER_PIECE = 15
"""Requests to each endpoint in one piece, on average."""
IN_PIECE_LEAST = 4
"""An endpoint with fewer requests in a piece is not compared there."""
VARIED = 1.5
"""The load varied if the highest third's rate is this many times the lowest third's."""
ENTRY = 0.9
"""Visits begin at an endpoint if this share of its requests are their user's first."""
CALM = 0.1
"""Share of the pieces that are taken for undisturbed by any queue."""


@dataclass(frozen=True)
class Waits:
    """For how long visitors waited, request by request in the order of their start."""

    rows: Flags
    """Which rows of the table these are."""
    ms: Floats
    start_ms: Floats
    unanswered: Flags
    first: Flags
    """Which of them are their user's first."""

    def of(self, table: RequestTable, endpoint: str) -> Flags:
        """Which rows of the table count and are of this endpoint."""
        return self.rows & table.endpoint.mask(endpoint)


def waits_of(table: RequestTable) -> Waits:
    """How long visitors waited in a run; what says nothing about that is left out."""
    timeout = table.is_(Outcome.TIMEOUT)
    rows = timeout | ~np.isnan(table.ttfb_ms)
    if len(table):
        # Afterwards the load only runs out, and the rate says nothing about the queues left behind.
        rows &= table.start_ms <= table.arrived_ms.max()
    waited = np.where(timeout, table.total_ms, table.ttfb_ms)
    first = np.zeros(len(table), dtype=bool)
    first[np.unique(table.user.codes, return_index=True)[1]] = True
    return Waits(rows, waited[rows], table.start_ms[rows], timeout[rows], first[rows])


class Run:
    """A run cut into pieces, and what the comparison asks of it."""

    def __init__(self, names: list[str], masks: list[Flags], waits: Waits, limits: Limits) -> None:
        self.names = names
        self.limits = limits
        self._waits = waits
        self._of = [np.flatnonzero(mask) for mask in masks]
        total = len(waits.ms)
        self.pieces = min(PIECES_MOST, total // (PER_PIECE * len(names)))
        if self.pieces < PIECES_LEAST:
            return
        self._piece = np.arange(total) * self.pieces // total
        self._rates = self._rates_of_pieces()
        self._means, self._errors = (
            np.array(column) for column in zip(*map(self._in_pieces, self._of), strict=True)
        )
        third = max(2, self.pieces // 3)
        order = np.argsort(self._rates, kind="stable")
        self.all, self.low, self.high = order, order[:third], order[-third:]

    def _rates_of_pieces(self) -> Floats:
        first = np.searchsorted(self._piece, np.arange(self.pieces))
        bounds = np.append(self._waits.start_ms[first], self._waits.start_ms[-1])
        counts = np.bincount(self._piece, minlength=self.pieces)
        return counts / np.maximum(np.diff(bounds), 1.0) * 1000

    def _in_pieces(self, rows: Indices) -> tuple[Floats, Floats]:
        """Mean wait in each piece and its squared standard error; NaN for too few requests."""
        pieces, waited = self._piece[rows], self._waits.ms[rows]
        counts = np.bincount(pieces, minlength=self.pieces).astype(np.float64)
        counts[counts < IN_PIECE_LEAST] = np.nan
        means = np.bincount(pieces, weights=waited, minlength=self.pieces) / counts
        squares = (waited - means[pieces]) ** 2
        spread = np.bincount(pieces, weights=squares, minlength=self.pieces) / (counts - 1)
        return means, spread / counts

    def rate(self, pieces: Indices) -> float:
        """Requests per second in these pieces, over all endpoints."""
        return float(np.mean(self._rates[pieces]))

    @property
    def varied(self) -> bool:
        """Whether the load was different enough to say what it changes."""
        return self.rate(self.high) >= VARIED * self.rate(self.low)

    def count(self, endpoint: int) -> int:
        """Requests to an endpoint."""
        return len(self._of[endpoint])

    def time(self, endpoint: int) -> float:
        """The time that visitors waited for it, in all."""
        return float(self._waits.ms[self._of[endpoint]].sum())

    def p95(self, endpoint: int, pieces: Indices) -> Percentile | None:
        """An endpoint's p95 in these pieces (nearest rank); None without a request."""
        rows = self._of[endpoint]
        rows = rows[np.isin(self._piece[rows], pieces)]
        if not len(rows):
            return None
        rows = rows[np.argsort(self._waits.ms[rows], kind="stable")]
        row = rows[columns.nearest_rank(len(rows), columns.QUANTILES["p95"]) - 1]
        return Percentile(
            value_ms=round(float(self._waits.ms[row]), 3),
            at_least=bool(self._waits.unanswered[row]),
        )

    def typical_p95(self, endpoint: int, pieces: Indices) -> float:
        """The p95 of a typical other endpoint; NaN where there is none."""
        others = [
            found.value_ms
            for other in range(len(self.names))
            if other != endpoint and (found := self.p95(other, pieces)) is not None
        ]
        return float(np.median(others)) if others else float("nan")

    def excess(self, endpoint: int, pieces: Indices) -> float:
        """By how much longer an endpoint takes than a typical other one, in these pieces; in ms."""
        excess, _ = self._excesses(endpoint, pieces)
        return float(np.mean(excess)) if len(excess) else 0.0

    def begins(self, endpoint: int) -> bool:
        """Whether visits begin at an endpoint."""
        return bool(np.mean(self._waits.first[self._of[endpoint]]) >= ENTRY)

    def stands_out(self, endpoint: int) -> bool:
        """Whether an endpoint is slower than a typical other one, be it only at some load."""
        if self.begins(endpoint):
            return self._slower(endpoint, self.all, share=1.0)
        bands = [self.all, self.low, self.high] if self.varied else [self.all]
        return any(self._slower(endpoint, band, share=self.limits.pieces) for band in bands)

    def _slower(self, endpoint: int, pieces: Indices, *, share: float) -> bool:
        """Whether it is slower in these pieces, and clearly so in that share of them."""
        excess, errors = self._excesses(endpoint, pieces)
        if len(excess) < 2:
            return False
        least = max(self.limits.excess * self._calm(endpoint), self.limits.excess_ms)
        error = np.sqrt(np.sum(errors)) / len(excess)
        sure = np.mean(excess) - self.limits.errors * error >= least
        return bool(sure and np.mean(excess >= least / 2) >= share)

    def _excesses(self, endpoint: int, pieces: Indices) -> tuple[Floats, Floats]:
        """The excess in each piece, and its squared standard error; only where both are known."""
        typical, error = self._typical(endpoint, pieces)
        excess = self._means[endpoint, pieces] - typical
        known = ~np.isnan(excess)
        return excess[known], (self._errors[endpoint, pieces] + error)[known]

    def _typical(self, endpoint: int, pieces: Indices) -> tuple[Floats, Floats]:
        """A typical other endpoint's mean in each piece, and its squared standard error.

        The median of the others, so that a second slow endpoint does not hide the first.
        """
        means = np.delete(self._means, endpoint, axis=0)[:, pieces]
        errors = np.delete(self._errors, endpoint, axis=0)[:, pieces]
        typical, error = np.full(len(pieces), np.nan), np.full(len(pieces), np.nan)
        known = ~np.isnan(means).all(axis=0)
        typical[known] = np.nanmedian(means[:, known], axis=0)
        error[known] = np.nanmedian(errors[:, known], axis=0)
        return typical, error

    def _calm(self, endpoint: int) -> float:
        """How long a request to a typical other endpoint takes where nothing queues; in ms."""
        typical, _ = self._typical(endpoint, self.all)
        return float(np.nanquantile(typical, CALM))
