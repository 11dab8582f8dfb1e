"""Which endpoint, if any, is the bottleneck: slower than the others, or slower as the load grows.

How endpoints are compared is described in `loadtest.analysis.latency_excess`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from loadtest.analysis.latency_excess import (
    MIN_SLICES,
    THRESHOLDS,
    SlicedRun,
    Thresholds,
    wait_times,
)
from loadtest.messages.message import Message, msg
from loadtest.messages.names import endpoint_name
from loadtest.models import Percentile, Record
from loadtest.runs.table import RequestTable

GROWN = 1.5
"""An endpoint degrades if its p95 grew by this factor, and by more than that of a typical other."""
QUEUED = 4
"""All endpoints wait as behind one queue if even a typical p95 grew by this factor."""


class EndpointEvidence(Record):
    """One endpoint's part in the run. Shares from 0 to 1, slopes in ms per request/s."""

    endpoint: str
    requests: int
    request_share: float
    time_share: float
    """Its share of all the time that visitors waited for a response."""
    excess_ms: float
    """By how much longer it takes on average than a typical other endpoint at the same time."""
    p95: Percentile
    p95_low: Percentile | None
    """In the third of the run with the lowest rate of requests; None if the load did not vary."""
    p95_high: Percentile | None
    slope: float | None
    """By how much its p95 grows for each further request per second."""
    stands_out: bool


class BottleneckFinding(Record):
    """The answer: `endpoint` is None unless one stands out.

    `kind` says how: it `degrades` with the load or it `dominates` at any load; `none` stands out;
    `unknown` if there is too little data. Rates are in requests per second.
    """

    kind: Literal["degrades", "dominates", "none", "unknown"]
    endpoint: str | None
    messages: list[Message]
    """The finding in sentences, the most important one first."""
    low_rate: float | None
    high_rate: float | None
    evidence: list[EndpointEvidence]

    @property
    def text(self) -> str:
        """The finding in English."""
        return " ".join(map(str, self.messages))


def find(table: RequestTable, thresholds: Thresholds = THRESHOLDS) -> BottleneckFinding:
    """Name the endpoint that is the bottleneck, with the numbers, or report that none stands out."""
    waits = wait_times(table)
    names = [
        label
        for label in table.endpoint.labels
        if np.count_nonzero(waits.rows_of(table, label)) >= thresholds.requests
    ]
    if len(names) < 2:
        return _unknown(msg("bottleneck.unknown.few-endpoints", requests=thresholds.requests))
    run = SlicedRun(
        names, [waits.rows_of(table, name)[waits.rows] for name in names], waits, thresholds
    )
    if run.slices < MIN_SLICES:
        return _unknown(msg("bottleneck.unknown.few-requests", requests=len(waits.ms)))
    return _diagnose(run)


def _diagnose(run: SlicedRun) -> BottleneckFinding:
    outliers = [run.stands_out(endpoint) for endpoint in range(len(run.names))]
    evidence = [_evidence(run, n, stands_out=outliers[n]) for n in range(len(run.names))]
    # There may be several: start with the one whose excess costs visitors the most time in total.
    candidates = [n for n, stands_out in enumerate(outliers) if stands_out]
    worst = max(
        candidates,
        key=lambda n: evidence[n].excess_ms * evidence[n].requests,
        default=None,
    )
    rates = (run.rate(run.low_load), run.rate(run.high_load)) if run.load_varied else (None, None)
    if worst is None:
        kind, endpoint, messages = "none", None, _none(run, evidence)
    else:
        kind = "degrades" if _degrades(run, worst) else "dominates"
        endpoint, messages = run.names[worst], _named(run, worst, evidence[worst], kind)
    return BottleneckFinding(
        kind=kind,
        endpoint=endpoint,
        messages=messages,
        low_rate=rates[0],
        high_rate=rates[1],
        evidence=sorted(evidence, key=lambda e: e.time_share, reverse=True),
    )


def _evidence(run: SlicedRun, endpoint: int, *, stands_out: bool) -> EndpointEvidence:
    requests = sum(run.request_count(n) for n in range(len(run.names)))
    time = sum(run.total_wait_ms(n) for n in range(len(run.names)))
    overall = run.p95(endpoint, run.whole)
    assert overall is not None  # noqa: S101 - only endpoints with requests are compared
    low, high = (
        (run.p95(endpoint, run.low_load), run.p95(endpoint, run.high_load))
        if run.load_varied
        else (None, None)
    )
    slope = None
    if low is not None and high is not None:
        slope = (high.value_ms - low.value_ms) / (run.rate(run.high_load) - run.rate(run.low_load))
    return EndpointEvidence(
        endpoint=run.names[endpoint],
        requests=run.request_count(endpoint),
        request_share=run.request_count(endpoint) / requests,
        time_share=run.total_wait_ms(endpoint) / time if time else 0.0,
        excess_ms=round(run.mean_excess_ms(endpoint, run.whole), 3),
        p95=overall,
        p95_low=low,
        p95_high=high,
        slope=slope,
        stands_out=stands_out,
    )


def _degrades(run: SlicedRun, endpoint: int) -> bool:
    if not run.load_varied:
        return False
    low, high = run.p95(endpoint, run.low_load), run.p95(endpoint, run.high_load)
    if low is None or high is None:
        return False
    grown = high.value_ms - low.value_ms
    others = run.typical_p95(endpoint, run.high_load) - run.typical_p95(endpoint, run.low_load)
    return high.value_ms >= GROWN * low.value_ms and grown > max(others, run.thresholds.excess_ms)


def _named(run: SlicedRun, endpoint: int, evidence: EndpointEvidence, kind: str) -> list[Message]:
    """Say which endpoint it is, and add what else is to be known."""
    name = endpoint_name(run.names[endpoint])
    shares = msg(
        "bottleneck.shares",
        excess=_latency(evidence.excess_ms),
        requests=evidence.request_share,
        time=evidence.time_share,
    )
    if kind == "dominates":
        other = _latency(run.typical_p95(endpoint, run.whole))
        found = msg(
            "bottleneck.dominates",
            endpoint=name,
            p95=evidence.p95.message,
            other=other,
            shares=shares,
        )
    else:
        found = msg(
            "bottleneck.degrades",
            endpoint=name,
            low=_shown(evidence.p95_low),
            low_rate=run.rate(run.low_load),
            high=_shown(evidence.p95_high),
            high_rate=run.rate(run.high_load),
            other_low=_latency(run.typical_p95(endpoint, run.low_load)),
            other_high=_latency(run.typical_p95(endpoint, run.high_load)),
            shares=shares,
        )
    return [found, *_queue(run, endpoint)]


def _queue(run: SlicedRun, endpoint: int) -> list[Message]:
    """Say so where all others wait too."""
    if not run.load_varied:
        return []
    low, high = (run.typical_p95(endpoint, band) for band in (run.low_load, run.high_load))
    waiting = high >= QUEUED * low and high - low >= run.thresholds.excess_ms
    return [msg("bottleneck.queue")] if waiting else []


def _none(run: SlicedRun, evidence: list[EndpointEvidence]) -> list[Message]:
    slowest = max(evidence, key=lambda e: e.p95.value_ms)
    number = run.names.index(slowest.endpoint)
    found = msg(
        "bottleneck.none",
        endpoint=endpoint_name(slowest.endpoint),
        p95=slowest.p95.message,
        other=_latency(run.typical_p95(number, run.whole)),
    )
    entry = [msg("bottleneck.entry")] if run.is_entry_point(number) else []
    return [found, *entry, *_queue(run, number)]


def _latency(value_ms: float) -> Message:
    if np.isnan(value_ms):
        return msg("bottleneck.unknown-time")
    return Percentile(value_ms=value_ms).message


def _shown(value: Percentile | None) -> Message:
    return msg("bottleneck.unknown-time") if value is None else value.message


def _unknown(reason: Message) -> BottleneckFinding:
    return BottleneckFinding(
        kind="unknown",
        endpoint=None,
        messages=[msg("bottleneck.unknown", reason=reason)],
        low_rate=None,
        high_rate=None,
        evidence=[],
    )
