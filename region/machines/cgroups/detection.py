"""Finding the control groups that this user may write to."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from region.machines.cgroups import files, v1, v2
from region.machines.cgroups.base import NAMESPACE, Limits
from region.machines.cgroups.v1 import CgroupV1
from region.machines.cgroups.v2 import CgroupV2
from region.machines.errors import LimitsError, LimitsUnavailable

_REMEDY = (
    "run as root, or with systemd start it by "
    '`systemd-run --user --scope -p "Delegate=cpu cpuacct memory pids" <command>`, '
    "or in a container add `--privileged --cgroupns=private`, or where control groups are of version 1 "
    "type, once after each start of the computer: `for h in /sys/fs/cgroup/*/; do "
    "sudo mkdir -p $h/haproof && sudo chown -R $USER $h/haproof; done`"
)
_PROBE = "probe-"
_PROBE_MEMORY_BYTES = 64 * 1024**2


@dataclass(frozen=True)
class CgroupProbe:
    """Finds out what is mounted and which groups this process is in.

    Attributes:
        live: Move a real process into a group to be sure; a recorded tree cannot do that.
    """

    mounts: Path = field(default_factory=lambda: Path("/proc/self/mounts"))
    own_cgroups: Path = field(default_factory=lambda: Path("/proc/self/cgroup"))
    live: bool = True

    def v1_mounts(self) -> dict[str, Path]:
        """Return the version 1 controllers and where they are mounted."""
        found: dict[str, Path] = {}
        for target, kind, options in self._mounts():
            if kind == "cgroup":
                found.update({name: target for name in v1.USED if name in options})
        return found

    def other_mounts(self) -> list[Path]:
        """Return the mount points of the version 1 hierarchies without a controller of ours."""
        used = set(self.v1_mounts().values())
        return [
            target for target, kind, _ in self._mounts() if kind == "cgroup" and target not in used
        ]

    def v2_mounts(self) -> list[Path]:
        """Return the mount points of the unified hierarchy."""
        return [target for target, kind, _ in self._mounts() if kind == "cgroup2"]

    def v2_candidates(self) -> list[Path]:
        """List groups that may be delegated to this user: the root, then down to our own."""
        candidates: list[Path] = []
        for mount in self.v2_mounts():
            path = mount
            candidates.append(path)
            for name in self._own_v2_group().strip("/").split("/"):
                path /= name
                if name and path.is_dir():
                    candidates.append(path)
        return list(dict.fromkeys(candidates))

    def v1_own_group(self) -> str:
        """Return the group that this process is in, in every version 1 hierarchy; "" for none."""
        found = {
            path.strip("/")
            for _, controllers, path in (
                line.split(":", 2) for line in self.own_cgroups.read_text().splitlines()
            )
            if controllers
        }
        own = found.pop() if len(found) == 1 else ""
        everywhere = [*self.v1_mounts().values(), *self.other_mounts()]
        return own if own and all((mount / own).is_dir() for mount in everywhere) else ""

    def _mounts(self) -> list[tuple[Path, str, list[str]]]:
        lines = (line.split() for line in self.mounts.read_text().splitlines())
        # /proc/mounts writes a blank in a path as \040.
        return [
            (Path(part[1].replace("\\040", " ")), part[2], part[3].split(","))
            for part in lines
            if len(part) >= 4
        ]

    def _own_v2_group(self) -> str:
        for line in self.own_cgroups.read_text().splitlines():
            if line.startswith("0::"):
                return line.removeprefix("0::")
        return "/"


def detect(probe: CgroupProbe | None = None) -> Limits:
    """Find the back end of this host: version 2 where it has CPU and memory, else version 1.

    Where the caller's own group is given less CPU than the computer has, machines are made below that
    group: what holds the caller holds them too.

    Raises:
        LimitsUnavailable: If there is none; the message has the reasons and the remedy.
    """
    probe = probe or CgroupProbe()
    refusals: list[str] = []
    for candidate in _candidates(probe, refusals):
        if not probe.live:
            return candidate
        try:
            _probe(candidate)
        except (LimitsError, OSError) as error:
            refusals.append(str(error).rstrip("."))
        else:
            return candidate
    reasons = "; ".join(refusals) or "no control groups are mounted"
    raise LimitsUnavailable(f"Machines cannot be limited ({reasons}): {_REMEDY}.")


def _candidates(probe: CgroupProbe, refusals: list[str]) -> list[Limits]:
    found: list[Limits] = []
    for base in _held_first(probe.v2_candidates()):
        try:
            controllers = (base / "cgroup.controllers").read_text().split()
        except OSError as error:
            refusals.append(f"{base} cannot be read ({error.strerror})")
            continue
        if missing := [name for name in v2.REQUIRED if name not in controllers]:
            refusals.append(f"{base} lacks the controllers {' and '.join(missing)}")
        else:
            found.append(CgroupV2(base))
    mounts = probe.v1_mounts()
    if all(name in mounts for name in v1.REQUIRED):
        # runc makes its groups in the unified hierarchy too, where that is mounted beside version 1.
        others = [*probe.other_mounts(), *probe.v2_mounts()]
        whole = CgroupV1(mounts, others)
        if own := probe.v1_own_group():
            mine = {name: mount / own for name, mount in mounts.items()}
            below = CgroupV1(mine, [mount / own for mount in others])
            levels = [mounts["cpu"] / own, *(mounts["cpu"] / own).parents]
            held = any(map(_held, levels[: len(Path(own).parts)]))
            found += [below, whole] if held else [whole, below]
        else:
            found.append(whole)
    elif mounts:
        absent = " and ".join(name for name in v1.REQUIRED if name not in mounts)
        refusals.append(f"no version 1 hierarchy is mounted for {absent}")
    return found


def _held_first(groups: list[Path]) -> list[Path]:
    """Move the first group with a CPU limit, and those below it, before those above it."""
    held = next((index for index, group in enumerate(groups) if _held(group)), 0)
    return groups[held:] + groups[:held]


def _held(group: Path) -> bool:
    """Return whether the group has a CPU limit of its own."""
    for name in ("cpu.max", "cpu.cfs_quota_us"):
        with suppress(OSError, IndexError):
            return (group / name).read_text().split()[0] not in ("max", "-1")
    return False


def _probe(limits: Limits) -> None:
    """Do once what every machine does: create, limit, join, remove."""
    group = f"{_PROBE}{os.getpid()}"
    remove_dead_probes(limits.directories(group))
    try:
        # Within the try: it may fail in the second hierarchy, with a group in the first.
        limits.create(group)
        limits.set_cpu(group, 0.1)
        limits.set_memory(group, _PROBE_MEMORY_BYTES)
        with subprocess.Popen(
            ["sleep", "60"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:
            try:
                limits.add(group, child.pid)
            finally:
                child.kill()
    finally:
        limits.remove(group)
        remove_namespace(limits.directories(group))


def remove_dead_probes(directories: list[Path]) -> None:
    """Remove the groups beside `directories` that processes made which were killed while probing."""
    for directory in directories:
        for found in directory.parent.glob(f"{_PROBE}[0-9]*"):
            owner = found.name.removeprefix(_PROBE)
            if owner.isdecimal() and not psutil.pid_exists(int(owner)):
                # Only an empty one: in another PID namespace the number may be somebody's.
                with suppress(OSError):
                    found.rmdir()


def leftover_groups(region_id: str, probe: CgroupProbe | None = None) -> list[Path]:
    """List the directories of the region's groups in any hierarchy, usable or not."""
    probe = probe or CgroupProbe()
    hierarchies = [
        *probe.v1_mounts().values(),
        *probe.other_mounts(),
        *probe.v2_candidates(),
    ]
    if own := probe.v1_own_group():
        v1_mounts = (*probe.v1_mounts().values(), *probe.other_mounts())
        hierarchies += [mount / own for mount in v1_mounts]
    directories = [hierarchy / NAMESPACE / region_id for hierarchy in hierarchies]
    return [directory for directory in dict.fromkeys(directories) if directory.is_dir()]


def remove_groups(directories: list[Path], timeout: float = 10.0) -> int:
    """Kill everything in the groups and remove them; return how many processes were killed."""
    killed = files.kill(directories, timeout)
    files.remove(directories, timeout)
    return killed


def remove_namespace(directories: list[Path]) -> None:
    """Remove the project's own parent group above `directories` if no other region uses it."""
    for directory in directories:
        with suppress(OSError):
            directory.parent.rmdir()
