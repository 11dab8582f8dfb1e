"""Which endpoint, if any, is the one to look at: slower than the others, or soon so under load.

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

An unanswered request has waited as long as it was waited for. One that was refused or broken off says
nothing about how long an endpoint takes, and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadtest.models import Percentile, Record
from loadtest.outcomes import Outcome
from loadtest.table import Floats, RequestTable

QUANTILE = 0.95
Rows = NDArray[np.bool_]
Indices = NDArray[np.intp]


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
GROWN = 1.5
"""An endpoint degrades if its p95 grew by this factor, and by more than a typical other one's."""
CALM = 0.1
"""Share of the pieces that are taken for undisturbed by any queue."""
QUEUED = 4
"""All wait as behind one queue if even a typical p95 grew by this factor."""


class EndpointEvidence(Record):
    """One endpoint's part in the run. Shares from 0 to 1, slopes in ms per request/s."""

    endpoint: str
    requests: int
    request_share: float
    time_share: float
    """Its part of all the time in which visitors waited for an answer."""
    excess_ms: float
    """By how much longer it takes on average than a typical other endpoint at the same time."""
    p95: Percentile
    p95_low: Percentile | None
    """In the third of the run with the lowest rate of requests; None if the load did not vary."""
    p95_high: Percentile | None
    slope: float | None
    """By how much its p95 grows for each further request per second."""
    stands_out: bool


class Finding(Record):
    """The answer: `endpoint` is None unless one stands out.

    `kind` says how: it `degrades` with the load or it `dominates` at any load; `none` stands out;
    `unknown` if there is too little to tell. Rates are in requests per second.
    """

    kind: Literal["degrades", "dominates", "none", "unknown"]
    endpoint: str | None
    sentence: str
    low_rate: float | None
    high_rate: float | None
    evidence: list[EndpointEvidence]


def find(table: RequestTable, limits: Limits = LIMITS) -> Finding:
    """Names the endpoint that is the bottleneck, with the numbers, or says that none stands out."""
    waits = _waits(table)
    names = [
        label
        for label in table.endpoint.labels
        if np.count_nonzero(waits.of(table, label)) >= limits.requests
    ]
    if len(names) < 2:
        return _unknown(
            f"fewer than two endpoints have {limits.requests} requests to compare; "
            "use a scenario with more endpoints or a longer profile"
        )
    run = _Run(names, [waits.of(table, name)[waits.rows] for name in names], waits, limits)
    if run.pieces < PIECES_LEAST:
        return _unknown(f"{len(waits.ms)} requests are too few; use a longer profile")
    return _judge(run)


@dataclass(frozen=True)
class _Waits:
    """For how long visitors waited, request by request in the order of their start."""

    rows: Rows
    """Which rows of the table these are."""
    ms: Floats
    start_ms: Floats
    unanswered: Rows

    def of(self, table: RequestTable, endpoint: str) -> Rows:
        """Which rows of the table count and are of this endpoint."""
        return self.rows & table.endpoint.mask(endpoint)


def _waits(table: RequestTable) -> _Waits:
    timeout = table.is_(Outcome.TIMEOUT)
    rows = timeout | ~np.isnan(table.ttfb_ms)
    if len(table):
        # Afterwards the load only runs out, and the rate says nothing about the queues left behind.
        rows &= table.start_ms <= table.arrived_ms.max()
    waited = np.where(timeout, table.total_ms, table.ttfb_ms)
    return _Waits(rows, waited[rows], table.start_ms[rows], timeout[rows])


class _Run:
    """A run cut into pieces, and what the comparison asks of it."""

    def __init__(self, names: list[str], masks: list[Rows], waits: _Waits, limits: Limits) -> None:
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
        row = rows[int(np.ceil(len(rows) * QUANTILE)) - 1]
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

    def stands_out(self, endpoint: int, pieces: Indices) -> bool:
        """Whether an endpoint is slower than a typical other one in these pieces."""
        excess, errors = self._excesses(endpoint, pieces)
        if len(excess) < 2:
            return False
        least = max(self.limits.excess * self._calm(endpoint), self.limits.excess_ms)
        error = np.sqrt(np.sum(errors)) / len(excess)
        sure = np.mean(excess) - self.limits.errors * error >= least
        return bool(sure and np.mean(excess >= least / 2) >= self.limits.pieces)

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


def _judge(run: _Run) -> Finding:
    bands = [run.all, run.low, run.high] if run.varied else [run.all]
    standing = [
        any(run.stands_out(endpoint, band) for band in bands) for endpoint in range(len(run.names))
    ]
    evidence = [_evidence(run, n, stands_out=standing[n]) for n in range(len(run.names))]
    # Several may: the one to begin with is the one whose excess costs visitors most time in all.
    candidates = [n for n, stands in enumerate(standing) if stands]
    worst = max(
        candidates,
        key=lambda n: evidence[n].excess_ms * evidence[n].requests,
        default=None,
    )
    rates = (run.rate(run.low), run.rate(run.high)) if run.varied else (None, None)
    if worst is None:
        kind, endpoint, sentence = "none", None, _none_sentence(run, evidence)
    else:
        kind = "degrades" if _degrades(run, worst) else "dominates"
        endpoint, sentence = run.names[worst], _sentence(run, worst, evidence[worst], kind)
    return Finding(
        kind=kind,
        endpoint=endpoint,
        sentence=sentence,
        low_rate=rates[0],
        high_rate=rates[1],
        evidence=sorted(evidence, key=lambda e: e.time_share, reverse=True),
    )


def _evidence(run: _Run, endpoint: int, *, stands_out: bool) -> EndpointEvidence:
    requests = sum(run.count(n) for n in range(len(run.names)))
    time = sum(run.time(n) for n in range(len(run.names)))
    overall = run.p95(endpoint, run.all)
    assert overall is not None  # noqa: S101 - only endpoints with requests are compared
    low, high = (
        (run.p95(endpoint, run.low), run.p95(endpoint, run.high)) if run.varied else (None, None)
    )
    slope = None
    if low is not None and high is not None:
        slope = (high.value_ms - low.value_ms) / (run.rate(run.high) - run.rate(run.low))
    return EndpointEvidence(
        endpoint=run.names[endpoint],
        requests=run.count(endpoint),
        request_share=run.count(endpoint) / requests,
        time_share=run.time(endpoint) / time if time else 0.0,
        excess_ms=round(run.excess(endpoint, run.all), 3),
        p95=overall,
        p95_low=low,
        p95_high=high,
        slope=slope,
        stands_out=stands_out,
    )


def _degrades(run: _Run, endpoint: int) -> bool:
    if not run.varied:
        return False
    low, high = run.p95(endpoint, run.low), run.p95(endpoint, run.high)
    if low is None or high is None:
        return False
    grown = high.value_ms - low.value_ms
    others = run.typical_p95(endpoint, run.high) - run.typical_p95(endpoint, run.low)
    return high.value_ms >= GROWN * low.value_ms and grown > max(others, run.limits.excess_ms)


def _sentence(run: _Run, endpoint: int, evidence: EndpointEvidence, kind: str) -> str:
    name = run.names[endpoint]
    shares = (
        f"it takes {_ms(evidence.excess_ms)} longer than a typical other endpoint at the same time, "
        f"and has {evidence.request_share:.0%} of the requests but {evidence.time_share:.0%} of the "
        "time that visitors waited"
    )
    if kind == "dominates":
        return (
            f"“{name}” dominates: its p95 is {evidence.p95}, a typical other endpoint's "
            f"{_ms(run.typical_p95(endpoint, run.all))}; {shares}.{_queue(run, endpoint)}"
        )
    return (
        f"“{name}” degrades with the load: its p95 grows from {evidence.p95_low} at "
        f"{run.rate(run.low):.0f} requests/s to {evidence.p95_high} at "
        f"{run.rate(run.high):.0f} requests/s, a typical other endpoint's from "
        f"{_ms(run.typical_p95(endpoint, run.low))} to "
        f"{_ms(run.typical_p95(endpoint, run.high))}; {shares}.{_queue(run, endpoint)}"
    )


def _queue(run: _Run, endpoint: int) -> str:
    """What is to be added where all others wait too."""
    if not run.varied:
        return ""
    low, high = (run.typical_p95(endpoint, band) for band in (run.low, run.high))
    waiting = high >= QUEUED * low and high - low >= run.limits.excess_ms
    return " At the highest load the others wait too, as behind one queue." if waiting else ""


def _none_sentence(run: _Run, evidence: list[EndpointEvidence]) -> str:
    slowest = max(evidence, key=lambda e: e.p95.value_ms)
    other = run.typical_p95(run.names.index(slowest.endpoint), run.all)
    return (
        f"No endpoint stands out: the slowest is “{slowest.endpoint}” with a p95 of {slowest.p95}, "
        f"a typical other one has {_ms(other)}."
    )


def _ms(value: float) -> str:
    return "an unknown time" if np.isnan(value) else str(Percentile(value_ms=value))


def _unknown(why: str) -> Finding:
    return Finding(
        kind="unknown",
        endpoint=None,
        sentence=f"Whether an endpoint is the bottleneck cannot be told: {why}.",
        low_rate=None,
        high_rate=None,
        evidence=[],
    )
