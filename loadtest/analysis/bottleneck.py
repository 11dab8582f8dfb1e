"""Which endpoint, if any, is the one to look at: slower than the others, or soon so under load.

`find` says it, with the numbers; how endpoints are compared is told in `loadtest.analysis.latency_excess`.
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
from loadtest.models import Percentile, Record
from loadtest.runs.table import RequestTable

GROWN = 1.5
"""An endpoint degrades if its p95 grew by this factor, and by more than a typical other one's."""
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


def find(table: RequestTable, thresholds: Thresholds = THRESHOLDS) -> Finding:
    """Names the endpoint that is the bottleneck, with the numbers, or says that none stands out."""
    waits = wait_times(table)
    names = [
        label
        for label in table.endpoint.labels
        if np.count_nonzero(waits.rows_of(table, label)) >= thresholds.requests
    ]
    if len(names) < 2:
        return _unknown(
            f"fewer than two endpoints have {thresholds.requests} requests to compare; "
            "use a scenario with more endpoints or a longer profile"
        )
    run = SlicedRun(
        names, [waits.rows_of(table, name)[waits.rows] for name in names], waits, thresholds
    )
    if run.slices < MIN_SLICES:
        return _unknown(f"{len(waits.ms)} requests are too few; use a longer profile")
    return _judge(run)


def _judge(run: SlicedRun) -> Finding:
    standing = [run.stands_out(endpoint) for endpoint in range(len(run.names))]
    evidence = [_evidence(run, n, stands_out=standing[n]) for n in range(len(run.names))]
    # Several may: the one to begin with is the one whose excess costs visitors most time in all.
    candidates = [n for n, stands in enumerate(standing) if stands]
    worst = max(
        candidates,
        key=lambda n: evidence[n].excess_ms * evidence[n].requests,
        default=None,
    )
    rates = (run.rate(run.low_load), run.rate(run.high_load)) if run.load_varied else (None, None)
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


def _sentence(run: SlicedRun, endpoint: int, evidence: EndpointEvidence, kind: str) -> str:
    name = run.names[endpoint]
    shares = (
        f"it takes {_ms(evidence.excess_ms)} longer than a typical other endpoint at the same time, "
        f"and has {evidence.request_share:.0%} of the requests but {evidence.time_share:.0%} of the "
        "time that visitors waited"
    )
    if kind == "dominates":
        return (
            f"“{name}” dominates: its p95 is {evidence.p95}, a typical other endpoint's "
            f"{_ms(run.typical_p95(endpoint, run.whole))}; {shares}.{_queue(run, endpoint)}"
        )
    return (
        f"“{name}” degrades with the load: its p95 grows from {evidence.p95_low} at "
        f"{run.rate(run.low_load):.0f} requests/s to {evidence.p95_high} at "
        f"{run.rate(run.high_load):.0f} requests/s, a typical other endpoint's from "
        f"{_ms(run.typical_p95(endpoint, run.low_load))} to "
        f"{_ms(run.typical_p95(endpoint, run.high_load))}; {shares}.{_queue(run, endpoint)}"
    )


def _queue(run: SlicedRun, endpoint: int) -> str:
    """What is to be added where all others wait too."""
    if not run.load_varied:
        return ""
    low, high = (run.typical_p95(endpoint, band) for band in (run.low_load, run.high_load))
    waiting = high >= QUEUED * low and high - low >= run.thresholds.excess_ms
    return " At the highest load the others wait too, as behind one queue." if waiting else ""


def _none_sentence(run: SlicedRun, evidence: list[EndpointEvidence]) -> str:
    slowest = max(evidence, key=lambda e: e.p95.value_ms)
    number = run.names.index(slowest.endpoint)
    other = run.typical_p95(number, run.whole)
    entry = (
        " Visits begin there, so that connecting and the wait to be let in are part of it."
        if run.is_entry_point(number)
        else ""
    )
    return (
        f"No endpoint stands out: the slowest is “{slowest.endpoint}” with a p95 of {slowest.p95}, "
        f"a typical other one has {_ms(other)}.{entry}{_queue(run, number)}"
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
