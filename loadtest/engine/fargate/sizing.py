"""The task size of a worker: the smallest Fargate size that its share fits in.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html, section "Task CPU
and memory". Below one vCPU a worker is never: its clock of arrivals would be late.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loadtest.errors import LoadTestError
from loadtest.profiles import Profile
from loadtest.scenario.scenario import Scenario

CPU_S_PER_THOUSAND: Final = 1.67
"""Artillery's CPU seconds per 1,000 requests, start-up included, as `make tools` printed them
(docs/generators.md). A vCPU of Fargate may be slower or faster."""
BUSY: Final = 0.5
"""What a thread's event loop may be busy by that figure: twice as slow a vCPU still suffices."""
BASE_MIB: Final = 800
"""Peak memory of Artillery at 250 requests a second, 532 MiB (docs/generators.md), and what sends the
records."""
MIB_PER_VISITOR: Final = 1.0
"""In that run some 200 visitors waited for an answer at a time."""
GIB: Final = 1024


@dataclass(frozen=True)
class _Memory:
    least_gib: int
    most_gib: int
    step_gib: int


_SIZES: Final[Mapping[int, _Memory]] = {
    1: _Memory(2, 8, 1),
    2: _Memory(4, 16, 1),
    4: _Memory(8, 30, 1),
    8: _Memory(16, 60, 4),
    16: _Memory(32, 120, 8),
}
"""vCPUs of a task -> the memory that it may have."""


@dataclass(frozen=True)
class Size:
    """What a worker gets."""

    vcpu: int
    memory_mib: int

    @property
    def threads(self) -> int:
        """Threads that start visitors: one vCPU is left to Artillery's main thread, as it does itself."""
        return max(1, self.vcpu - 1)

    def __str__(self) -> str:
        return f"Fargate, arm64, {self.vcpu} vCPU, {self.memory_mib // GIB} GB"

    @property
    def cpu_units(self) -> int:
        """The vCPUs in the unit of task definitions."""
        return self.vcpu * 1024


@dataclass(frozen=True)
class Share:
    """The most that one of the workers has to do."""

    requests_per_s: float
    visitors_at_once: float
    """If every request takes as long as it may."""


def share(profile: Profile, scenario: Scenario, workers: int) -> Share:
    """Return the largest share of the load's peak."""
    visitors = profile.peak_rate / workers
    return Share(visitors * scenario.requests_per_user, visitors * scenario.longest_s)


def choose(share: Share, cpu_per_thousand: float | None = None) -> Size:
    """Return the smallest size that a share needs.

    Args:
        share: What the worker has to do.
        cpu_per_thousand: CPU seconds that 1,000 requests take the generator.

    Raises:
        LoadTestError: None suffices; the message says how many workers would.
    """
    cost_s = (cpu_per_thousand or CPU_S_PER_THOUSAND) / 1000
    memory_mib = BASE_MIB + MIB_PER_VISITOR * share.visitors_at_once
    for vcpu, memory in _SIZES.items():
        threads = Size(vcpu, 0).threads
        fits = share.requests_per_s * cost_s <= threads * BUSY
        if fits and memory_mib <= memory.most_gib * GIB:
            above = max(0, math.ceil(memory_mib / GIB) - memory.least_gib)
            steps = math.ceil(above / memory.step_gib)
            gib = memory.least_gib + steps * memory.step_gib
            return Size(vcpu, min(gib, memory.most_gib) * GIB)
    largest, memory = max(_SIZES.items())
    times = max(
        share.requests_per_s * cost_s / (Size(largest, 0).threads * BUSY),
        MIB_PER_VISITOR * share.visitors_at_once / (memory.most_gib * GIB - BASE_MIB),
    )
    raise LoadTestError(
        f"a worker would have to send {share.requests_per_s:,.0f} requests/s for up to "
        f"{share.visitors_at_once:,.0f} visitors at once, more than Fargate's largest size takes: at "
        f"least {math.ceil(times)} times as many workers are needed (`--workers`)"
    )
