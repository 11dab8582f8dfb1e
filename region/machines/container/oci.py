"""A machine as a bundle of the OCI runtime specification (config.json, version 1.0.2)."""

from __future__ import annotations

import platform
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from region.machines.container import seccomp

OCI_VERSION: Final = "1.0.2"

# What root may do in an instance. Left out of what a container usually has: CAP_MKNOD (device
# files) and CAP_NET_RAW's bigger brother CAP_NET_ADMIN, CAP_SYS_ADMIN and all others.
CAPABILITIES: Final = (
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
    "CAP_SYS_CHROOT",
)  # fmt: skip

# As PID 1 it only has to stay and to reap orphans, which bash does whenever a child ends. The read
# returns only if somebody writes to the FIFO, which it holds open for both. No signal of the machine
# ends it: systemd executes itself anew on SIGTERM, and the kernel spares PID 1 from what it ignores.
_IGNORED: Final = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ IO SYS"
)
_STAY: Final = (
    "mkfifo -m 0600 /run/initctl; exec 3<> /run/initctl; while :; do read -r -n 64 <&3; done"
)
INIT: Final = (
    "/bin/bash",
    "-c",
    f"trap '' {_IGNORED}; {_STAY}",
)
_OPEN_FILES_SOFT: Final = 1024
_OPEN_FILES_HARD: Final = 524_288
_MASKED: Final = (
    "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/kmsg", "/proc/latency_stats", "/proc/mtrr",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
    "/proc/sysrq-trigger", "/sys/devices/virtual/powercap", "/sys/firmware", "/sys/kernel/debug",
    "/sys/kernel/security", "/sys/kernel/tracing", "/sys/fs/selinux",
)  # fmt: skip
_READ_ONLY: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys")


@dataclass(frozen=True)
class User:
    """Who a process runs as, in numbers: names mean something in the machine only.

    Attributes:
        capabilities: What somebody who is not root may do beyond that, as far as root may.
    """

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    capabilities: tuple[str, ...] = ()


ROOT: Final = User()


@dataclass(frozen=True)
class Bundle:
    """What one container is made of.

    Attributes:
        root: The machine's own root directory on the host.
        mounts: What is mounted on it before /proc, /dev and /sys are.
        late_mounts: What is mounted after those, and on them.
        memory_bytes: The memory of the machine, which what is in its memory file systems counts as.
        group: The path of its control group in every hierarchy, from the hierarchy's root.
    """

    hostname: str
    root: Path
    mounts: Sequence[Mapping[str, Any]]
    late_mounts: Sequence[Mapping[str, Any]]
    memory_bytes: int
    group: str
    environment: Mapping[str, str]


def configuration(bundle: Bundle) -> dict[str, Any]:
    """Return the content of config.json."""
    return {
        "ociVersion": OCI_VERSION,
        "hostname": bundle.hostname,
        "root": {"path": str(bundle.root)},
        "process": process(INIT, bundle.environment),
        "mounts": [*bundle.mounts, *_system_mounts(bundle.memory_bytes), *bundle.late_mounts],
        "linux": {
            "cgroupsPath": bundle.group,
            "namespaces": [
                {"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network", "cgroup")
            ],
            "maskedPaths": list(_MASKED),
            "readonlyPaths": list(_READ_ONLY),
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "seccomp": seccomp.profile(platform.machine()),
            "rootfsPropagation": "private",
        },
    }


def process(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    user: User = ROOT,
) -> dict[str, Any]:
    """Return the specification of one process; its program must be an absolute path or on PATH."""
    bounding = list(CAPABILITIES)
    given = [name for name in user.capabilities if name in CAPABILITIES and user.uid != 0]
    mine = bounding if user.uid == 0 else given
    return {
        "terminal": False,
        "user": {"uid": user.uid, "gid": user.gid, "additionalGids": list(user.groups)},
        "args": list(argv),
        "env": [f"{name}={value}" for name, value in environment.items()],
        "cwd": "/",
        "capabilities": {
            "bounding": bounding,
            "effective": mine,
            "permitted": mine,
            "inheritable": given,
            "ambient": given,
        },
        "rlimits": [_open_files()],
        # sudo has to work.
        "noNewPrivileges": False,
    }


def _open_files() -> dict[str, Any]:
    """Return the limits that systemd sets, as far as this computer allows them."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    hard = _OPEN_FILES_HARD if allowed == resource.RLIM_INFINITY else min(allowed, _OPEN_FILES_HARD)
    return {"type": "RLIMIT_NOFILE", "soft": min(_OPEN_FILES_SOFT, hard), "hard": hard}


def mount(destination: str, kind: str, source: str, options: Sequence[str]) -> dict[str, Any]:
    """Return one mount of the specification."""
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}


def _system_mounts(memory_bytes: int) -> list[dict[str, Any]]:
    """Return what systemd mounts, with its sizes: who fills one gets ENOSPC, not the OOM killer."""
    quiet = ("nosuid", "noexec", "nodev")
    terminals = ("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620")
    return [
        mount("/proc", "proc", "proc", quiet),
        mount("/dev", "tmpfs", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=4096k")),
        mount("/dev/pts", "devpts", "devpts", terminals),
        mount("/dev/shm", "tmpfs", "shm", (*quiet, "mode=1777", f"size={memory_bytes // 2}")),  # noqa: S108
        mount("/dev/mqueue", "mqueue", "mqueue", quiet),
        mount("/sys", "sysfs", "sysfs", (*quiet, "ro")),
        mount("/sys/fs/cgroup", "cgroup", "cgroup", (*quiet, "relatime", "ro")),
        mount(
            "/run", "tmpfs", "tmpfs", ("nosuid", "nodev", "mode=755", f"size={memory_bytes // 5}")
        ),
        mount("/run/lock", "tmpfs", "tmpfs", (*quiet, "mode=1777", "size=5m")),
    ]
