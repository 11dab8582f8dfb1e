"""The CPU quota of this process, from its control group or one above it, and its throttled time.

In a container the computer's idle CPU says nothing: a quota may stop the load test while CPUs are
idle. The kernel counts that: `throttled_usec` in cpu.stat of version 2 (cgroup-v2.rst),
`throttled_time` in nanoseconds of version 1 (sched-bwc.rst).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class CpuQuota:
    """The tightest quota. `cores` in CPU seconds per second."""

    cores: float
    directory: Path
    version: int

    def throttled_s(self) -> float:
        """Return for how many seconds the quota has stopped the group; 0 if it cannot be read.

        In version 1 the sum over all CPUs, so that it may grow faster than time.
        """
        try:
            table = dict(_pairs(self.directory / "cpu.stat"))
        except OSError:
            return 0.0
        if self.version == 1:
            return table.get("throttled_time", 0) / 1e9
        return table.get("throttled_usec", 0) / 1e6


def find(root: Path = _ROOT, own: Path = _SELF) -> CpuQuota | None:
    """Return the tightest quota that holds this process; None without one, or without groups."""
    return min(_quotas(root, own), key=lambda one: one.cores, default=None)


def _quotas(root: Path, own: Path) -> Iterator[CpuQuota]:
    for version, directory, top in _groups(root, own):
        for group in (directory, *directory.parents):
            if not group.is_relative_to(top):
                break
            cores = _cores(group, version)
            if cores is not None:
                yield CpuQuota(cores, group, version)


def _groups(root: Path, own: Path) -> Iterator[tuple[int, Path, Path]]:
    """Yield version, directory and mount point of each group of this process that may have a quota."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        relative = path.lstrip("/")
        if not controllers:
            top = root if (root / "cgroup.controllers").exists() else root / "unified"
            yield 2, top / relative, top
        elif "cpu" in controllers.split(","):
            for name in (controllers, "cpu"):
                if (root / name).is_dir():
                    yield 1, root / name / relative, root / name
                    break


def _cores(group: Path, version: int) -> float | None:
    try:
        if version == 2:
            quota, period = (group / "cpu.max").read_text().split()
            return None if quota == "max" else int(quota) / int(period)
        amount = int((group / "cpu.cfs_quota_us").read_text())
        return amount / int((group / "cpu.cfs_period_us").read_text()) if amount > 0 else None
    except (OSError, ValueError):
        return None


def _pairs(file: Path) -> Iterator[tuple[str, int]]:
    for line in file.read_text().splitlines():
        name, _, value = line.partition(" ")
        if value.strip().isdigit():
            yield name, int(value)
