"""Control groups version 1: one hierarchy per controller."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from region.machines.cgroups import files
from region.machines.cgroups.base import (
    CPU_PERIOD_US,
    NAMESPACE,
    WEIGHT,
    Bandwidth,
    GroupUsage,
    Limits,
    bandwidth,
)
from region.machines.cgroups.owner import as_owner_of
from region.machines.errors import LimitsError

# pids is optional: without it memory alone limits a fork bomb.
REQUIRED = ("cpu", "cpuacct", "memory")
USED = (*REQUIRED, "pids")
_NANOSECONDS = 1e9


class CgroupV1(Limits):
    """Limits through the cpu, cpuacct, memory and (where mounted) pids hierarchies."""

    version: ClassVar[int] = 1

    def __init__(self, mounts: Mapping[str, Path], others: Sequence[Path] = ()) -> None:
        """Use the mount points of controllers, by name; controllers may share one.

        `others` are the mount points of the hierarchies that are not used.
        """
        used = {name: mounts[name] for name in USED if name in mounts}
        super().__init__(list(dict.fromkeys(used.values())), others)
        self._roots_by_controller = {name: path / NAMESPACE for name, path in used.items()}

    def _directory(self, controller: str, group: str) -> Path:
        return self._roots_by_controller[controller] / group

    def add(self, group: str, pid: int) -> None:
        """Move a process into the group; one that has just ended is ignored."""
        for file in self.procs_files(group):
            with suppress(ProcessLookupError):
                try:
                    file.write_text(str(pid))
                except PermissionError:
                    as_owner_of(pid, partial(file.write_text, str(pid)))

    def weigh(self) -> None:
        """Let all machines of this host count as WEIGHT programs, of 1,024 shares each."""
        files.write(self._directory("cpu", "") / "cpu.shares", str(1024 * WEIGHT))

    def forbid_forks(self, group: str) -> None:
        """Forbid the group's processes to fork, where the pids hierarchy exists."""
        if "pids" in self._roots_by_controller:
            for directory in files.tree(self._directory("pids", group)):
                files.write(directory / "pids.max", "0")

    def set_cpu(self, group: str, cores: float | None) -> None:
        """Limit the group to `cores` by the CFS bandwidth quota; None removes the limit."""
        directory = self._directory("cpu", group)
        limit = Bandwidth(-1, CPU_PERIOD_US, 0) if cores is None else bandwidth(cores)
        # Since Linux 5.14; never above the quota, so it has to be 0 before the quota shrinks.
        burst = directory / "cpu.cfs_burst_us"
        if burst.exists():
            files.write(burst, "0")
        files.write(directory / "cpu.cfs_period_us", str(limit.period_us))
        try:
            files.write(directory / "cpu.cfs_quota_us", str(limit.quota_us))
        except LimitsError as error:
            # A group may not be given more than the one that it is in, which holds it then.
            if not isinstance(error.__cause__, OSError) or error.__cause__.errno != errno.EINVAL:
                raise
            files.write(directory / "cpu.cfs_quota_us", "-1")
            return
        if burst.exists():
            files.write(burst, str(limit.burst_us))

    def set_memory(self, group: str, memory_bytes: int) -> None:
        """Limit memory, and memory plus swap where the kernel accounts swap."""
        directory = self._directory("memory", group)
        files.write(directory / "memory.limit_in_bytes", str(memory_bytes))
        with_swap = directory / "memory.memsw.limit_in_bytes"
        if with_swap.exists():
            files.write(with_swap, str(memory_bytes))
        elif (directory / "memory.swappiness").exists():
            files.write(directory / "memory.swappiness", "0")

    def set_processes(self, group: str, count: int) -> None:
        """Limit processes and threads, where the pids hierarchy exists."""
        if "pids" in self._roots_by_controller:
            files.write(self._directory("pids", group) / "pids.max", str(count))

    def usage(self, group: str) -> GroupUsage:
        """Read the counters of the group; OOM kills are summed: version 1 counts per group."""
        cpu = files.read_table(self._directory("cpu", group) / "cpu.stat")
        memory = self._directory("memory", group)
        accounted = files.read_int(self._directory("cpuacct", group) / "cpuacct.usage")
        return GroupUsage(
            cpu_seconds=accounted / _NANOSECONDS,
            throttled_seconds=cpu.get("throttled_time", 0) / _NANOSECONDS,
            nr_periods=cpu.get("nr_periods", 0),
            nr_throttled=cpu.get("nr_throttled", 0),
            memory_peak_bytes=files.read_int(memory / "memory.max_usage_in_bytes"),
            oom_kills=sum(
                files.read_table(directory / "memory.oom_control").get("oom_kill", 0)
                for directory in files.tree(memory)
            ),
            quota_cores=self._quota(group),
        )

    def _quota(self, group: str) -> float | None:
        directory = self._directory("cpu", group)
        quota = files.read_int(directory / "cpu.cfs_quota_us", -1)
        period = files.read_int(directory / "cpu.cfs_period_us", CPU_PERIOD_US)
        return quota / period if quota > 0 else None
