"""Whether the fleet ran out of CPU, so that the verdict can say so."""

from __future__ import annotations

import numpy as np

from loadtest.analysis import columns
from loadtest.analysis.host_windows import HostWindows
from loadtest.analysis.slo import Slo
from loadtest.array_types import Flags, Ints
from loadtest.messages.message import Message, msg
from loadtest.models import Verdict
from loadtest.outcomes import FAILED
from loadtest.runs.table import RequestTable

EXPLANATIONS = frozenset({"capacity.all", "capacity.some"})
"""The ids of what `explain` returns."""
MOST = 0.5
"""An instance used all of its CPU if it did in more than this share of the windows in question."""


def explain(seen: HostWindows, requests: RequestTable, began_ms: float, slo: Slo) -> list[Message]:
    """Return what to say about the fleet where the promise was broken; nothing where it had CPU left."""
    broken = broken_windows(seen, requests, began_ms, slo) & seen.target_known
    fleet = [one for one in seen.instances if one.name in requests.instance.labels]
    if not broken.any() or not fleet:
        return []
    full = [one.name for one in fleet if one.at_quota[broken].mean() > MOST]
    if not full:
        return []
    if len(full) == len(fleet):
        return [msg("capacity.all", n=len(fleet))]
    names = tuple(msg("value.name", name=name) for name in sorted(full))
    return [msg("capacity.some", full=len(full), all=len(fleet), names=names)]


def explanations_of(verdict: Verdict) -> list[Message]:
    """Return those reasons of a saved verdict that explain it: they hold for other objectives too."""
    return [reason for reason in verdict.reasons if reason.id in EXPLANATIONS]


def broken_windows(seen: HostWindows, requests: RequestTable, began_ms: float, slo: Slo) -> Flags:
    """Return in which windows, by the start of their requests, the promise would not have held."""
    edges = began_ms + seen.edges_s * 1000
    latency = columns.latencies(requests)

    def counts(chosen: Flags) -> Ints:
        return np.histogram(requests.start_ms[chosen], edges)[0]

    begun = counts(np.ones(len(requests), dtype=bool))
    # Failures, whichever objective counts them: a stack that is out of CPU answers late or not at all.
    found = counts(requests.is_(*FAILED)) > 0
    for name, limit in slo.latency_ms.items():
        found |= counts(latency > limit) > (1 - columns.QUANTILES[name]) * begun
    return found
