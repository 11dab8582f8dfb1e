"""Control groups version 2: one unified hierarchy."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import ClassVar

from region.machines.cgroups import files
from region.machines.cgroups.base import CPU_PERIOD_US, WEIGHT, GroupUsage, Limits, bandwidth
from region.machines.errors import LimitsError

REQUIRED = ("cpu", "memory")
USED = (*REQUIRED, "pids")
_MICROSECONDS = 1e6


class CgroupV2(Limits):
    """Limits through the unified hierarchy, below `base` (a group this user may write to)."""

    version: ClassVar[int] = 2

    def __init__(self, base: Path) -> None:
        """Work below `base`, a directory of a cgroup2 mount with the controllers cpu and memory."""
        super().__init__([base])
        self._base = base

    def _directory(self, group: str) -> Path:
        return self.directories(group)[0]

    def create(self, group: str) -> None:
        """Create the group, delegating the controllers from `base` level by level."""
        leaf = self._directory(group)
        parent = self._base
        for name in leaf.relative_to(self._base).parts:
            self._delegate(parent)
            parent /= name
            files.make(parent)
        self.weigh()

    def weigh(self) -> None:
        """Let all machines of this host count as WEIGHT programs, which have a weight of 100 each."""
        weight = self._directory("") / "cpu.weight"
        if weight.exists():  # not without the controller cpu
            files.write(weight, str(100 * WEIGHT))

    def _delegate(self, directory: Path) -> None:
        """Enable the controllers for the children of `directory`."""
        available = set((directory / "cgroup.controllers").read_text().split())
        control = directory / "cgroup.subtree_control"
        missing = [
            name for name in USED if name in available and name not in control.read_text().split()
        ]
        if not missing:
            return
        value = " ".join(f"+{name}" for name in missing)
        try:
            control.write_text(value)
        except OSError as error:
            if error.errno != errno.EBUSY or directory != self._base:
                raise LimitsError(
                    f"Cannot enable {value!r} in {control}: {error.strerror}."
                ) from error
            self._evacuate(directory)
            files.write(control, value)

    def _evacuate(self, directory: Path) -> None:
        """Move the processes of `directory` into a leaf of it.

        A group other than the real root may have either processes or children with controllers;
        in a container the root of the mount holds the container's own processes.
        """
        leaf = directory / "haproof-outside"
        files.make(leaf)
        for pid in (directory / "cgroup.procs").read_text().split():
            try:
                (leaf / "cgroup.procs").write_text(pid)
            except ProcessLookupError:
                continue
            except OSError as error:
                raise LimitsError(
                    f"Cannot move process {pid} from {directory} to {leaf}: {error.strerror}."
                ) from error

    def forbid_forks(self, group: str) -> None:
        """Forbid the group's processes to fork; cgroup.kill ends them all at once."""
        directory = self._directory(group)
        if (directory / "cgroup.kill").exists():
            files.write(directory / "cgroup.kill", "1")
        elif (directory / "pids.max").exists():
            files.write(directory / "pids.max", "0")

    def set_cpu(self, group: str, cores: float | None) -> None:
        """Limit the group to `cores` by cpu.max; None removes the limit."""
        directory = self._directory(group)
        # Since Linux 5.14; never above the quota, so it has to be 0 before the quota shrinks.
        burst = directory / "cpu.max.burst"
        if burst.exists():
            files.write(burst, "0")
        if cores is None:
            files.write(directory / "cpu.max", f"max {CPU_PERIOD_US}")
            return
        limit = bandwidth(cores)
        files.write(directory / "cpu.max", f"{limit.quota_us} {limit.period_us}")
        if burst.exists():
            files.write(burst, str(limit.burst_us))

    def set_memory(self, group: str, memory_bytes: int) -> None:
        """Limit memory, without swap where the kernel accounts it."""
        directory = self._directory(group)
        files.write(directory / "memory.max", str(memory_bytes))
        if (directory / "memory.swap.max").exists():
            files.write(directory / "memory.swap.max", "0")

    def set_processes(self, group: str, count: int) -> None:
        """Limit processes and threads, where the controller pids is available."""
        file = self._directory(group) / "pids.max"
        if file.exists():
            files.write(file, str(count))

    def usage(self, group: str) -> GroupUsage:
        """Read the counters of the group; before Linux 5.19 the present use stands for the peak."""
        directory = self._directory(group)
        cpu = files.read_table(directory / "cpu.stat")
        peak = directory / "memory.peak"
        memory = peak if peak.exists() else directory / "memory.current"
        return GroupUsage(
            cpu_seconds=cpu.get("usage_usec", 0) / _MICROSECONDS,
            throttled_seconds=cpu.get("throttled_usec", 0) / _MICROSECONDS,
            nr_periods=cpu.get("nr_periods", 0),
            nr_throttled=cpu.get("nr_throttled", 0),
            memory_peak_bytes=files.read_int(memory),
            oom_kills=files.read_table(directory / "memory.events").get("oom_kill", 0),
            quota_cores=_quota(directory / "cpu.max"),
        )


def _quota(file: Path) -> float | None:
    """Read `cpu.max`: the quota and its period in microseconds, or `max` and the period."""
    try:
        quota, period = file.read_text().split()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LimitsError(f"Cannot read a quota from {file}: {error}.") from error
    return None if quota == "max" else int(quota) / int(period)
