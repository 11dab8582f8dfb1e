"""Which endpoint, if any, is the one to look at: slower than the others, or soon so under load.

Under load everything waits behind everything else, so a slow request does not tell a slow endpoint.
What does is the comparison with the other endpoints at the same time. The requests are cut, in the
order of their start, into pieces of equally many; each piece has its own rate of requests, and the
thirds with the lowest and the highest rate show what the load changes. An endpoint stands out, in all
of the run or in one of these thirds, if

- its 95th percentile is several times that of a typical other endpoint, beyond what chance explains:
  the lower confidence limit of the one against the upper of the other (order statistics, which need
  no assumption about the distribution), and
- its mean is above the others' in most of the pieces one by one. An endpoint that is merely visited
  later, when the load was higher, fails this.

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

    ratio: float = 3.0
    """Its p95 against a typical other one's. A visitor's first request also opens the connection,
    which can double it; that alone is not to be a finding."""
    mean_ratio: float = 2.0
    """Its mean against a typical other one's, within one piece of the run."""
    pieces: float = 0.75
    """Share of the pieces in which that has to hold."""
    excess_ms: float = 20.0
    """By which its p95 has to be above: less is noticed by nobody."""
    deviations: float = 3.0
    """Width of the confidence limits, in standard deviations."""
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


class EndpointEvidence(Record):
    """One endpoint's part in the run. Shares from 0 to 1, slopes in ms per request/s."""

    endpoint: str
    requests: int
    request_share: float
    time_share: float
    """Its part of all the time in which visitors waited for an answer."""
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
        self._piece = np.minimum(np.arange(total) * self.pieces // total, self.pieces - 1)
        self._rates = self._rates_of_pieces()
        self._means = np.array([self._means_of(rows) for rows in self._of])
        third = max(2, self.pieces // 3)
        order = np.argsort(self._rates, kind="stable")
        self.all, self.low, self.high = order, order[:third], order[-third:]

    def _rates_of_pieces(self) -> Floats:
        edges = np.searchsorted(self._piece, np.arange(self.pieces))
        bounds = np.append(self._waits.start_ms[edges], self._waits.start_ms[-1])
        counts = np.bincount(self._piece, minlength=self.pieces)
        return counts / np.maximum(np.diff(bounds), 1.0) * 1000

    def _means_of(self, rows: Indices) -> Floats:
        """Mean wait in each piece; NaN where there are too few requests."""
        pieces = self._piece[rows]
        counts = np.bincount(pieces, minlength=self.pieces)
        sums = np.bincount(pieces, weights=self._waits.ms[rows], minlength=self.pieces)
        return np.where(counts >= IN_PIECE_LEAST, sums / np.maximum(counts, 1), np.nan)

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
        """An endpoint's p95 in these pieces; None without a request."""
        rows = self._rows(endpoint, pieces)
        if not len(rows):
            return None
        row = rows[_rank(len(rows), 0.0)]
        return Percentile(
            value_ms=round(float(self._waits.ms[row]), 3),
            at_least=bool(self._waits.unanswered[row]),
        )

    def stands_out(self, endpoint: int, pieces: Indices) -> bool:
        """Whether an endpoint is slower than a typical other one in these pieces."""
        least = self._limit(endpoint, pieces, -self.limits.deviations)
        other = self._typical(endpoint, pieces, self.limits.deviations)
        if np.isnan(least) or np.isnan(other):
            return False
        slower = least >= self.limits.ratio * other and least - other >= self.limits.excess_ms
        return slower and self._consistent(endpoint, pieces)

    def typical_p95(self, endpoint: int, pieces: Indices) -> float:
        """The p95 of a typical other endpoint."""
        return self._typical(endpoint, pieces, 0.0)

    def _typical(self, endpoint: int, pieces: Indices, deviations: float) -> float:
        others = [
            self._limit(other, pieces, deviations)
            for other in range(len(self.names))
            if other != endpoint
        ]
        # The median, so that a second slow endpoint does not hide the first.
        known = [value for value in others if not np.isnan(value)]
        return float(np.median(known)) if known else float("nan")

    def _limit(self, endpoint: int, pieces: Indices, deviations: float) -> float:
        rows = self._rows(endpoint, pieces)
        if len(rows) < self.limits.requests // 2:
            return float("nan")
        return float(self._waits.ms[rows[_rank(len(rows), deviations)]])

    def _rows(self, endpoint: int, pieces: Indices) -> Indices:
        """An endpoint's requests in these pieces, by how long they took."""
        rows = self._of[endpoint]
        rows = rows[np.isin(self._piece[rows], pieces)]
        return rows[np.argsort(self._waits.ms[rows], kind="stable")]

    def _consistent(self, endpoint: int, pieces: Indices) -> bool:
        own = self._means[endpoint, pieces]
        others = np.delete(self._means, endpoint, axis=0)[:, pieces]
        comparable = ~np.isnan(own) & ~np.isnan(others).all(axis=0)
        if np.count_nonzero(comparable) < 2:
            return False
        typical = np.nanmedian(others[:, comparable], axis=0)
        above = own[comparable] >= self.limits.mean_ratio * typical
        return bool(np.mean(above) >= self.limits.pieces)


def _rank(count: int, deviations: float) -> int:
    """Where in `count` ordered values the p95, or its confidence limit, is found (nearest rank)."""
    spread = np.sqrt(count * QUANTILE * (1 - QUANTILE))
    return int(np.clip(np.ceil(count * QUANTILE + deviations * spread) - 1, 0, count - 1))


def _judge(run: _Run) -> Finding:
    bands = [run.all, run.low, run.high] if run.varied else [run.all]
    standing = [
        any(run.stands_out(endpoint, band) for band in bands) for endpoint in range(len(run.names))
    ]
    evidence = [_evidence(run, n, stands_out=standing[n]) for n in range(len(run.names))]
    # Several may: the one to begin with is the one that takes most of the time beyond its fair part.
    candidates = [n for n, stands in enumerate(standing) if stands]
    worst = max(
        candidates,
        key=lambda n: evidence[n].time_share - evidence[n].request_share,
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
        f"it has {evidence.request_share:.0%} of the requests but {evidence.time_share:.0%} of the "
        "time that visitors waited"
    )
    if kind == "degrades":
        return (
            f"“{name}” degrades with the load: its p95 grows from {evidence.p95_low} at "
            f"{run.rate(run.low):.0f} requests/s to {evidence.p95_high} at "
            f"{run.rate(run.high):.0f} requests/s, a typical other endpoint's from "
            f"{_ms(run.typical_p95(endpoint, run.low))} to "
            f"{_ms(run.typical_p95(endpoint, run.high))}; {shares}."
        )
    queue = ""
    if run.varied and not run.stands_out(endpoint, run.high):
        queue = (
            f" At {run.rate(run.high):.0f} requests/s the others wait too "
            f"(p95 {_ms(run.typical_p95(endpoint, run.high))} against {evidence.p95_high}), "
            "as behind one queue."
        )
    return (
        f"“{name}” dominates: its p95 is {evidence.p95}, a typical other endpoint's "
        f"{_ms(run.typical_p95(endpoint, run.all))}; {shares}.{queue}"
    )


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
