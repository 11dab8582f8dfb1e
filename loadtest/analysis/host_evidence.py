"""What the samples of the computer say about a run: checks, record, and explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadtest.analysis import (
    cpu_waiting,
    fleet_capacity,
    host_conditions,
    host_windows,
    request_cost,
)
from loadtest.analysis import stalls as standing_still
from loadtest.analysis.host_windows import HostWindows
from loadtest.analysis.measurements import Measurements
from loadtest.analysis.missed import MissedPercentile
from loadtest.analysis.slo import Slo
from loadtest.array_types import Flags, Floats
from loadtest.host_record import HostRecord
from loadtest.messages.message import Message
from loadtest.models import Check, RunSettings
from loadtest.runs.table import RequestTable


@dataclass(frozen=True)
class HostEvidence:
    """Nothing at all for a run whose computer nobody watched, which older ones are."""

    checks: Sequence[Check] = ()
    record: HostRecord | None = None
    explanations: Sequence[Message] = ()
    """Why a promise was broken, if it was; for the verdict."""


def examine(
    measured: Measurements, slo: Slo, missed: Sequence[MissedPercentile] = ()
) -> HostEvidence:
    """Examine a run.

    Args:
        measured: Its settings say what was to be watched: what is missing then makes the run invalid.
        slo: What a broken promise is.
        missed: The percentiles that were not shown to be within their limits.
    """
    settings, requests, began_ms = measured.settings, measured.requests, measured.began_ms
    if not settings.host_watched:
        return HostEvidence()
    seen = host_windows.windows(
        measured.host,
        measured.target,
        began_ms=began_ms,
        duration_s=measured.duration_s,
        expects_target=settings.target_watched,
    )
    checks = host_conditions.checks(seen, target_watched=settings.target_watched)
    checks += host_conditions.clock(measured.host)
    cost = request_cost.compare(seen, requests, began_ms, settings.profile.phases)
    if cost is not None:
        checks.append(request_cost.check(cost))
    stalled_ms = standing_still.during(requests, measured.stalls or ())
    if measured.stalls is not None:
        checks.append(standing_still.check(requests, measured.stalls, stalled_ms, missed))
    certain = [one for one in missed if one.certain]
    waiting = cpu_waiting.check(seen, requests, began_ms, certain, stalled_ms)
    if waiting is not None:
        checks.append(waiting)
    return HostEvidence(
        checks=checks,
        record=_record(seen, requests, settings) if seen.host_known.any() else None,
        explanations=fleet_capacity.explain(seen, requests, began_ms, slo),
    )


def _record(seen: HostWindows, requests: RequestTable, settings: RunSettings) -> HostRecord:
    vcpus = [one.vcpu[np.isfinite(one.vcpu)] for one in seen.instances]
    vcpu = np.concatenate([np.empty(0), *vcpus])
    return HostRecord(
        window_s=round(seen.length_s, 3),
        cpus=seen.cpus,
        ours=_listed(seen.ours, seen.host_known),
        target=_listed(seen.target, seen.known),
        others=_listed(seen.others, seen.known),
        steal=_listed(seen.steal, seen.host_known),
        idle=_listed(seen.idle, seen.host_known),
        quota_shares={
            one.name: _listed(one.quota_share, seen.target_known & np.isfinite(one.quota))
            for one in seen.instances
            if one.name in requests.instance.labels
        },
        target_here=settings.target_watched,
        vcpu_seconds=round(float(vcpu.mean()), 4) if vcpu.size else None,
        vcpu_range=(float(vcpu.min()), float(vcpu.max())) if vcpu.size else None,
    )


def _listed(values: Floats, known: Flags) -> list[float | None]:
    return [
        round(float(value), 3) if is_known else None
        for value, is_known in zip(values, known, strict=True)
    ]
