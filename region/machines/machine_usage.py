"""What a machine has used, from the counters of its control groups."""

from __future__ import annotations

from dataclasses import dataclass

from region.machines.cgroups import Limits
from region.machines.processes import SERVICES, ProcessTable


@dataclass(frozen=True)
class MachineUsage:
    """What a machine has used since it was last powered on.

    `cpu_seconds`, memory and OOM kills count the whole machine; `service_cpu_seconds` and the
    throttling counters count its services, whose CPU quota is `quota_cores`, in CPU seconds per
    second.
    """

    cpu_seconds: float = 0.0
    service_cpu_seconds: float = 0.0
    throttled_seconds: float = 0.0
    nr_periods: int = 0
    nr_throttled: int = 0
    memory_peak_bytes: int = 0
    oom_kills: int = 0
    quota_cores: float | None = None
    pids: frozenset[int] = frozenset()
    """Its processes, by their ids on this computer."""


def measure(limits: Limits, processes: ProcessTable) -> MachineUsage:
    """Read the counters of a machine that is powered."""
    whole = limits.usage(processes.group(""))
    services = limits.usage(processes.group(SERVICES))
    return MachineUsage(
        cpu_seconds=whole.cpu_seconds,
        service_cpu_seconds=services.cpu_seconds,
        throttled_seconds=services.throttled_seconds,
        nr_periods=services.nr_periods,
        nr_throttled=services.nr_throttled,
        memory_peak_bytes=whole.memory_peak_bytes,
        oom_kills=whole.oom_kills,
        quota_cores=services.quota_cores,
        pids=frozenset(limits.members(processes.group(""))),
    )


def oom_kills(limits: Limits, processes: ProcessTable) -> int:
    """Return how many processes of a powered machine the kernel has killed for lack of memory."""
    return limits.usage(processes.group("")).oom_kills
