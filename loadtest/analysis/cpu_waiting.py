"""Whether a latency promise was missed only because requests waited for a CPU of this computer.

On AWS each instance, the load balancer and the database have CPUs of their own. Where a computer plays
them all, they wait for each other, and that is part of every latency. A stack that keeps its promise in
spite of it would keep it without. One that misses it has broken it only if this cannot be the reason.

The kernel counts the waiting of processes, not of requests. So the most that it can explain is taken: as
many late requests as could have been in time if all that was waited in their window had been theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadtest.analysis import columns
from loadtest.analysis.host_windows import HostWindows
from loadtest.analysis.missed import MissedPercentile, all_explained
from loadtest.array_types import Floats, Ints
from loadtest.messages.message import msg
from loadtest.models import Check
from loadtest.runs.table import RequestTable


@dataclass(frozen=True)
class Explained:
    """A percentile beyond its limit: without `seconds` of waiting it would have been within."""

    missed: MissedPercentile
    seconds: float


def check(
    seen: HostWindows,
    requests: RequestTable,
    began_ms: float,
    missed: Sequence[MissedPercentile],
    stalled_ms: Floats | float = 0.0,
) -> Check | None:
    """Return the check of validity; None where nobody recorded how long the target waited.

    Args:
        seen: The computer during the load.
        requests: The run's requests.
        began_ms: When the load began, epoch ms.
        missed: The percentiles that were certainly beyond their limits.
        stalled_ms: For how long the computer stood still during each request, which explains that much.
    """
    if seen.waited is None or not len(requests):
        return None
    waited_s = np.where(seen.target_known, seen.waited, 0.0) * seen.length_s
    explained = all_explained(
        explain(one, seen, waited_s, requests, began_ms, stalled_ms=stalled_ms) for one in missed
    )
    each_ms = float(waited_s.sum()) / len(requests) * 1000
    if explained is None:
        passed, detail = True, msg("check.cpu-waiting.yes", each=each_ms)
    else:
        passed, detail = (
            False,
            msg(
                "check.cpu-waiting.no",
                percentile=explained.missed.percentile,
                limit=explained.missed.limit_ms,
                needed=explained.seconds,
                waited=float(waited_s.sum()),
                each=each_ms,
            ),
        )
    return Check(name=msg("check.cpu-waiting"), passed=passed, detail=detail)


def explain(
    missed: MissedPercentile,
    seen: HostWindows,
    waited_s: Floats,
    requests: RequestTable,
    began_ms: float,
    *,
    stalled_ms: Floats | float = 0.0,
) -> Explained | None:
    """Return how much waiting explains a missed percentile; None where there was not enough of it.

    Args:
        missed: The percentile.
        seen: The computer during the load.
        waited_s: What the target waited in each window.
        requests: The run's requests.
        began_ms: When the load began, epoch ms.
        stalled_ms: What of each latency is explained already.
    """
    latency, began = columns.latencies(requests) - stalled_ms, requests.start_ms
    if missed.endpoint is not None:
        chosen = requests.endpoint.mask(missed.endpoint)
        latency, began = latency[chosen], began[chosen]
    may_be_late = len(latency) - columns.nearest_rank(
        len(latency), columns.QUANTILES[missed.percentile]
    )
    late = latency > missed.limit_ms
    needed = int(late.sum()) - may_be_late
    if needed <= 0:
        return None
    windows = np.searchsorted(seen.edges_s * 1000 + began_ms, began[late], side="right") - 1
    excess = np.sort(_affordable((latency[late] - missed.limit_ms) / 1000, windows, waited_s))
    return Explained(missed, float(excess[:needed].sum())) if len(excess) >= needed else None


def _affordable(excess_s: Floats, windows: Ints, waited_s: Floats) -> Floats:
    """Return the excess of the requests that each window's waiting can explain, the smallest first."""
    found = [np.zeros(0)]
    for window, budget in enumerate(waited_s):
        mine = np.sort(excess_s[windows == window])
        found.append(mine[np.cumsum(mine) <= budget])
    return np.concatenate(found)
