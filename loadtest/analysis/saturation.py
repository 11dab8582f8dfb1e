"""Which resource of a loaded stack runs out first, and what shows it.

A resource is used in proportion to the load (the utilization law), above what it uses when idle. So a
line through the windows of a run says at which load it would be used up; the first one to get there is
what limits the stack. Windows in which it is used up already do not count for the line: there, the
load grows and the use does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import scipy

from loadtest.analysis import load_windows
from loadtest.analysis.load_windows import LoadWindows
from loadtest.analysis.usl import FURTHEST
from loadtest.array_types import Flags, Floats
from loadtest.messages.message import Message, msg
from loadtest.models import Record

FULL: Mapping[str, float] = {
    load_windows.INSTANCE_CPU: 0.95,
    load_windows.MEMORY: 0.95,
    load_windows.DATABASE_CPU: 0.95,
    load_windows.BALANCER_CPU: 0.95,
    load_windows.GENERATOR: 0.95,
    load_windows.COMPUTER: 0.98,
}
"""From which share of it on a resource is used up; as the checks of validity have it."""
NOT_RECORDED = ("cpu-credits", "database-connections")
"""What runs out on AWS as well and no run's files contain."""
LEAST_WINDOWS = 5
MOSTLY = 0.5
"""A resource is used up at the peak if it is in more than this share of the peak's windows."""
PEAK = 0.9
"""The peak: windows of at least this share of the highest rate."""


class ResourceUse(Record):
    """What a run used of a resource. Shares from 0 to 1, rates in requests per second of the stack."""

    resource: str
    share_at_peak: float
    """The median over the peak's windows."""
    used_up: bool
    used_up_from: float | None
    """The lowest rate from which on it was used up in most windows."""
    full_at: float | None
    """The rate at which it would be used up; None where that is not up to twice the measured one."""


class Saturation(Record):
    """The resources of a run, the first to run out first."""

    peak_rate: float
    uses: list[ResourceUse]
    unknown: list[str]
    """Resources that the run's files say nothing about."""

    @property
    def first(self) -> ResourceUse | None:
        """The one that ran out, or would first up to twice the measured rate; None if none does."""
        found = self.uses[0] if self.uses else None
        if found is None or found.used_up:
            return found
        return found if found.full_at is not None else None

    @property
    def message(self) -> Message:
        """The finding in words, with its evidence."""
        first = self.first
        if first is None:
            return msg("saturation.none", rate=self.peak_rate)
        name = resource_name(first.resource)
        if first.used_up:
            return msg(
                "saturation.used-up",
                resource=name,
                share=first.share_at_peak,
                rate=first.used_up_from or self.peak_rate,
            )
        return msg(
            "saturation.next",
            resource=name,
            share=first.share_at_peak,
            rate=self.peak_rate,
            full=first.full_at or self.peak_rate,
        )


def resource_name(resource: str) -> Message:
    """Return what a resource is called."""
    return msg(f"resource.{resource}")


def find(run: LoadWindows) -> Saturation:
    """Return what a run used, and what of it runs out first."""
    uses = list(_uses(run))
    uses.sort(key=lambda one: (not one.used_up, one.used_up_from or one.full_at or np.inf))
    known = {one.resource for one in uses}
    unknown = [one for one in (*FULL, *NOT_RECORDED) if one not in known]
    return Saturation(peak_rate=float(run.rate.max(initial=0.0)), uses=uses, unknown=unknown)


def _uses(run: LoadWindows) -> Iterator[ResourceUse]:
    peak_rate = float(run.rate.max(initial=0.0))
    peak = run.rate >= PEAK * peak_rate
    for resource, limit in FULL.items():
        shares = run.shares[resource]
        known = np.isfinite(shares)
        if not (known & peak).any():
            continue
        full = known & (shares >= limit)
        used_up = float(full[known & peak].mean()) > MOSTLY
        yield ResourceUse(
            resource=resource,
            share_at_peak=round(float(np.median(shares[known & peak])), 4),
            used_up=used_up,
            used_up_from=_from(run.rate, full, known) if used_up else None,
            full_at=_full_at(run.rate[known & ~full], shares[known & ~full], limit, peak_rate),
        )


def _from(rate: Floats, full: Flags, known: Flags) -> float | None:
    """Return the lowest rate from which on most windows are full."""
    order = np.argsort(rate)
    order = order[known[order]]
    flags = full[order].astype(float)
    behind = np.cumsum(flags[::-1])[::-1] / np.arange(len(flags), 0, -1)
    mostly = np.flatnonzero((behind > PEAK) & (flags > 0))
    return round(float(rate[order[mostly[0]]]), 1) if len(mostly) else None


def _full_at(rate: Floats, shares: Floats, limit: float, peak_rate: float) -> float | None:
    if len(rate) < LEAST_WINDOWS or np.ptp(rate) <= 0:
        return None
    line = scipy.stats.linregress(rate, shares)
    slope, idle = float(line.slope), float(line.intercept)
    if slope <= 0 or float(line.pvalue) > 0.01:
        return None
    full_at = (limit - idle) / slope
    return round(full_at, 1) if full_at <= FURTHEST * peak_rate else None
