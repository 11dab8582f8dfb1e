"""The interface for limiting machines, whatever the control-group version."""

from __future__ import annotations

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from region.machines.cgroups import files

# A t4g.nano's share of it serves a dozen requests, and as many again can be saved; short enough that a
# service without credits answers in steps instead of freezing (docs/adr/0034).
CPU_PERIOD_US: Final = 200_000
# The kernel's limits: no quota below 1 ms, no period above 1 s.
MIN_QUOTA_US: Final = 1_000
MAX_PERIOD_US: Final = 1_000_000
# All groups of the project are below this name, so that leftovers can be found again.
NAMESPACE: Final = "haproof"
_TIMEOUT_SECONDS: Final = 10.0
WEIGHT: Final = 4
"""As how many other programs all machines together count where CPUs are short. As one, which a group is,
a fleet that needs half of this computer waited for programs that need a tenth. What it uses at most is
set by its quotas (docs/adr/0090)."""


@dataclass(frozen=True)
class GroupUsage:
    """Counters of one group including everything below it, since the group was created.

    `throttled_seconds`, `nr_periods` and `nr_throttled` belong to the quota of this group itself;
    a period is `bandwidth`'s and counts only while the group has something to run. `quota_cores` is the
    quota in CPU seconds per second; None without one.
    """

    cpu_seconds: float
    throttled_seconds: float
    nr_periods: int
    nr_throttled: int
    memory_peak_bytes: int
    oom_kills: int
    quota_cores: float | None = None


@dataclass(frozen=True)
class Bandwidth:
    """A CPU quota as the kernel takes it, all in microseconds.

    Attributes:
        quota_us: CPU time that each period adds.
        burst_us: Unused CPU time that may be kept beyond a period. It stands for CPU credits: an
            instance below its baseline saves some and serves requests that come together at full speed,
            but over any longer time it gets no more than its baseline.
    """

    quota_us: int
    period_us: int
    burst_us: int


def bandwidth(cores: float) -> Bandwidth:
    """Return the quota that amounts to `cores`.

    The period is longer than usual where the kernel would not accept so small a quota.
    """
    quota, period = round(cores * CPU_PERIOD_US), CPU_PERIOD_US
    if quota < MIN_QUOTA_US:
        quota, period = MIN_QUOTA_US, min(MAX_PERIOD_US, round(MIN_QUOTA_US / cores))
    # The kernel accepts no burst above the quota.
    return Bandwidth(quota, period, burst_us=quota)


class Limits(ABC):
    """Control groups named by relative paths such as `<region>/<instance>/services`.

    A group is one directory in every hierarchy of the back end. All methods raise `LimitsError`.
    """

    version: ClassVar[int]

    def __init__(self, hierarchies: list[Path], others: Sequence[Path] = ()) -> None:
        """Work below `<hierarchy>/haproof` of each hierarchy.

        In the `others` nothing is limited, but a container runtime makes groups there.
        """
        self._roots = [hierarchy / NAMESPACE for hierarchy in hierarchies]
        self._others = [hierarchy / NAMESPACE for hierarchy in others]

    @property
    def name(self) -> str:
        """The name of this back end in reports."""
        return f"cgroup v{self.version}"

    def directories(self, group: str) -> list[Path]:
        """Return the group's directory in each hierarchy."""
        return [root / group for root in self._roots]

    def everywhere(self, group: str) -> list[Path]:
        """Return the group's directory in each hierarchy of this host, used or not."""
        return [*self.directories(group), *(root / group for root in self._others)]

    def inner_path(self, group: str) -> str:
        """Return the group's path from the root of its hierarchies, as the OCI specification has it."""
        directory = self.directories(group)[0]
        top = directory
        while (top.parent / "cgroup.procs").exists() or not top.exists():
            top = top.parent
        return f"/{directory.relative_to(top).as_posix()}"

    def procs_files(self, group: str) -> list[Path]:
        """Return the files to which a process writes its id in order to join the group."""
        return [directory / "cgroup.procs" for directory in self.directories(group)]

    def create(self, group: str) -> None:
        """Create the group and its parents, unless it exists."""
        for directory in self.directories(group):
            files.make(directory)
        self.weigh()

    @abstractmethod
    def weigh(self) -> None:
        """Let all machines of this host count as WEIGHT programs."""

    def add(self, group: str, pid: int) -> None:
        """Move a process into the group; one that has just ended is ignored."""
        for file in self.procs_files(group):
            with suppress(ProcessLookupError):
                file.write_text(str(pid))

    def pids(self, group: str) -> set[int]:
        """Return the ids of the processes in the group and below it."""
        return files.pids(self.directories(group))

    def members(self, group: str) -> set[int]:
        """Return what `pids` does, from one hierarchy alone: all have the same, but for moments."""
        return files.pids(self.directories(group)[:1])

    def signal(self, group: str, number: signal.Signals) -> None:
        """Send a signal to every process in the group and below it."""
        for pid in self.pids(group):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, group: str) -> int:
        """SIGKILL everything in the group and below it until it is empty; return how many."""
        return files.kill(self.directories(group), _TIMEOUT_SECONDS)

    def remove(self, group: str) -> None:
        """Kill every process in the group and below it for good, and remove the groups."""
        if any(directory.is_dir() for directory in self.directories(group)):
            self.forbid_forks(group)
            self.kill(group)
        files.remove(self.everywhere(group), _TIMEOUT_SECONDS)

    @abstractmethod
    def forbid_forks(self, group: str) -> None:
        """Forbid the group's processes to fork, the last step before killing them."""

    @abstractmethod
    def set_cpu(self, group: str, cores: float | None) -> None:
        """Limit the group to `cores` CPU seconds per second; None removes the limit."""

    @abstractmethod
    def set_memory(self, group: str, memory_bytes: int) -> None:
        """Limit the group's memory, without swap; above it the OOM killer acts in the group."""

    @abstractmethod
    def set_processes(self, group: str, count: int) -> None:
        """Limit the group's processes and threads, where the host can: then fork fails (EAGAIN)."""

    @abstractmethod
    def usage(self, group: str) -> GroupUsage:
        """Read the counters of the group; zeros if it does not exist."""
