"""Whether other programs used the computer during only one of two runs that are compared.

Each run may be valid by itself, as enough was left idle; figures of two conditions they are all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from loadtest.analysis.host_conditions import LIMITS
from loadtest.host_record import HostRecord

NOTICED_CPU_S = 2 * LIMITS.disturbed_cpu_s
"""CPU seconds of others, beyond what the kernel uses for our packets, of which a reader is told."""
UNEVEN = 2.0
"""The other run has less than this part of it."""


@dataclass(frozen=True)
class UnevenHost:
    """What others used in each of two runs, in CPUs on average."""

    first: float
    second: float
    cpus: int

    @property
    def first_had_more(self) -> bool:
        """Whether the first of the two runs was disturbed."""
        return self.first > self.second


def compare(first: HostRecord | None, second: HostRecord | None) -> UnevenHost | None:
    """Return what others used, if it was much more in one run; None also where nobody watched."""
    if first is None or second is None:
        return None
    less, more = sorted((_foreign_cpu_s(first), _foreign_cpu_s(second)))
    if more < NOTICED_CPU_S or less * UNEVEN > more:
        return None
    return UnevenHost(_mean(first), _mean(second), first.cpus)


def _foreign_cpu_s(host: HostRecord) -> float:
    beyond = (max(0.0, used - LIMITS.foreign) for used in host.others if used is not None)
    return sum(beyond) * host.window_s


def _mean(host: HostRecord) -> float:
    known = [used for used in host.others if used is not None]
    return sum(known) / len(known) if known else 0.0
