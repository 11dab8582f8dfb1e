"""What a request costs an instance in CPU, at the peak compared with the rise to it.

A request's cost is the instance's own affair: the same code does the same work at 60 and at 125
visitors a second. A quota changes how long it takes, not how much CPU. So where the cost differs, the
computer became slower or faster underneath (another program in the caches, a sibling thread of the
core that woke up, a lower clock), and the figures before and after are those of two computers.

What the load alone may change is small and allowed for by `FACTOR`: at a higher rate connections are
reused more often and a wake-up serves several requests (cheaper); caches are shared with more neighbors
and collections of garbage come more often (dearer). Left out are windows in which the load alone
changes more than that: those at the beginning of the rise, where the fixed cost of being idle is a
large part, and those in which an instance is at its quota, where it spends CPU on requests that nobody
waits for anymore.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from loadtest.analysis.host_windows import HostWindows
from loadtest.array_types import Floats
from loadtest.load_record import PhaseRecord
from loadtest.messages.message import msg
from loadtest.models import Check
from loadtest.runs.table import RequestTable

FACTOR = 1.5
"""By how much the costs may differ. Runs on a computer that was busy or not showed 1.06 to 1.3."""
CONFIDENCE = 0.99
RISING = 0.4
"""The rise counts from this share of the peak rate on."""
PEAK = 0.98
LEAST_WINDOWS = 3
LEAST_REQUESTS = 200


@dataclass(frozen=True)
class RequestCost:
    """CPU per request in ms, and the ratio of the peak to the rise with its interval."""

    rise_ms: float
    peak_ms: float
    low: float
    """Lower end of the interval of the ratio `peak_ms / rise_ms`."""
    high: float

    @property
    def ratio(self) -> float:
        """How much dearer a request was at the peak."""
        return self.peak_ms / self.rise_ms

    @property
    def changed(self) -> bool:
        """Whether it differs by more than the factor and by more than chance."""
        by_much = not 1 / FACTOR <= self.ratio <= FACTOR
        return by_much and not self.low <= 1 <= self.high


def compare(
    seen: HostWindows, requests: RequestTable, began_ms: float, phases: Sequence[PhaseRecord]
) -> RequestCost | None:
    """Compare the cost at the peak with that during the rise; None where there is too little of one."""
    rate = _rates(seen, phases)
    peak_rate = float(rate.max(initial=0.0))
    cpu, count = _per_window(seen, requests, began_ms)
    used = seen.target_known & (count > 0)
    groups = [
        used & (rate >= RISING * peak_rate) & (rate < PEAK * peak_rate),
        used & (rate >= PEAK * peak_rate),
    ]
    if any(g.sum() < LEAST_WINDOWS or count[g].sum() < LEAST_REQUESTS for g in groups):
        return None
    (rise, rise_error, rise_n), (peak, peak_error, peak_n) = (
        _ratio(cpu[group], count[group]) for group in groups
    )
    if rise <= 0 or peak <= 0:
        return None
    # The logarithm, because a ratio of two estimates is not symmetric.
    error = math.hypot(rise_error, peak_error)
    freedom = min(rise_n, peak_n) - 1
    width = float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    ratio = peak / rise
    return RequestCost(rise * 1000, peak * 1000, ratio * math.exp(-width), ratio * math.exp(width))


def check(found: RequestCost) -> Check:
    """Return the check of validity."""
    names = ("check.request-cost.slower", "check.request-cost.faster")
    which = names[found.ratio < 1] if found.changed else "check.request-cost.yes"
    return Check(
        name=msg("check.request-cost"),
        passed=not found.changed,
        detail=msg(which, rise=found.rise_ms, peak=found.peak_ms, low=found.low, high=found.high),
    )


def _rates(seen: HostWindows, phases: Sequence[PhaseRecord]) -> Floats:
    """Return the planned arrivals per second in the middle of each window; 0 where unknown."""
    middles = (seen.edges_s[:-1] + seen.edges_s[1:]) / 2
    rates = np.zeros(len(middles))
    for phase in phases:
        inside = (middles >= phase.start_s) & (middles < phase.start_s + phase.duration_s)
        low = phase.arrival_rate or 0
        high = low if phase.ramp_to is None else phase.ramp_to
        rates[inside] = low + (high - low) * (middles[inside] - phase.start_s) / phase.duration_s
    return rates


def _per_window(
    seen: HostWindows, requests: RequestTable, began_ms: float
) -> tuple[Floats, Floats]:
    """Return, per window, CPU seconds above the idle use and requests of instances not at quota."""
    cpu, count = np.zeros(len(seen)), np.zeros(len(seen))
    edges = began_ms + seen.edges_s * 1000
    ended = requests.ended_ms
    for one in seen.instances:
        served, _ = np.histogram(ended[requests.instance.mask(one.name)], edges)
        if not served.any() or math.isnan(one.idle):
            continue
        free = ~one.at_quota
        cpu[free] += (one.whole[free] - one.idle) * seen.length_s
        count[free] += served[free]
    return cpu, count


def _ratio(cpu: Floats, count: Floats) -> tuple[float, float, int]:
    """Return CPU per request, the standard error of its logarithm, and the number of windows.

    The error is that of a ratio estimate (Cochran, Sampling Techniques, section 6.4): from how much
    windows scatter about the common ratio.
    """
    cost = float(cpu.sum() / count.sum())
    windows = len(cpu)
    scatter = float(((cpu - cost * count) ** 2).sum()) * windows / (windows - 1)
    return cost, math.sqrt(scatter) / max(float(cpu.sum()), 1e-9), windows
