"""Whether a latency promise was missed only because this computer stalled.

Some computers do a tenth of their work for 20 to 100 ms, once a second or two: the hypervisor looks after
its memory, or gives the CPUs to other guests. Steal need not show it, nor do windows of seconds. Every
request that is under way then is late, whichever stack answers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadtest.analysis import columns
from loadtest.analysis.missed import MissedPercentile, all_explained
from loadtest.array_types import Floats
from loadtest.messages.message import msg
from loadtest.models import Check
from loadtest.runs.stalls import Stall
from loadtest.runs.table import RequestTable


@dataclass(frozen=True)
class Explained:
    """A percentile beyond its limit, and what it would have been had the computer kept going, in ms."""

    missed: MissedPercentile
    value_ms: float


def during(requests: RequestTable, stalls: Sequence[Stall]) -> Floats:
    """Return for how many ms of each request's latency the computer stood still.

    Shape: one value per request; 0 for one that was never answered.
    """
    if not stalls:
        return np.zeros(len(requests))
    edges = np.array(stalls, dtype=np.float64).ravel()
    lengths = np.array([one.to_ms - one.from_ms for one in stalls])
    # How long it has stood still up to each edge: it grows within a moment, and not between two.
    until = np.repeat(np.concatenate([[0.0], np.cumsum(lengths)]), 2)[1:-1]
    began = requests.start_ms
    ended = began + np.nan_to_num(requests.ttfb_ms, nan=0.0)
    return np.interp(ended, edges, until) - np.interp(began, edges, until)


def check(
    requests: RequestTable,
    stalls: Sequence[Stall],
    stalled_ms: Floats,
    missed: Sequence[MissedPercentile],
) -> Check:
    """Return the check of validity.

    Args:
        requests: The run's requests.
        stalls: When the computer stood still.
        stalled_ms: What `during` returns for them.
        missed: The percentiles that were not shown to be within their limits. One whose measured value is
            within it does not count.
    """
    total_s = sum(one.to_ms - one.from_ms for one in stalls) / 1000
    longest_ms = max((one.to_ms - one.from_ms for one in stalls), default=0.0)
    beyond = [one for one in missed if explain(one, requests, 0.0) is None]
    explained = all_explained(explain(one, requests, stalled_ms) for one in beyond)
    seen = {"n": len(stalls), "total": total_s, "longest": longest_ms}
    if explained is None:
        detail = msg("check.stalls.yes", **seen) if stalls else msg("check.stalls.none")
        return Check(name=msg("check.stalls"), passed=True, detail=detail)
    detail = msg(
        "check.stalls.no",
        **seen,
        percentile=explained.missed.percentile,
        value=explained.value_ms,
        limit=explained.missed.limit_ms,
    )
    return Check(name=msg("check.stalls"), passed=False, detail=detail)


def explain(
    missed: MissedPercentile, requests: RequestTable, stalled_ms: Floats | float
) -> Explained | None:
    """Return what a missed percentile would have been; None if it would have been missed all the same."""
    latency = columns.latencies(requests) - stalled_ms
    if missed.endpoint is not None:
        latency = latency[requests.endpoint.mask(missed.endpoint)]
    if not len(latency):
        return None
    rank = columns.nearest_rank(len(latency), columns.QUANTILES[missed.percentile])
    value = float(np.sort(latency)[rank - 1])
    return Explained(missed, value) if value <= missed.limit_ms else None
