"""A machine's own root directory, and what is mounted over it in its container.

Only what the machine itself has written is stored, on its root volume: in `root` what its image has no
directory for, in `overlay` the changes to the directories of its image. It survives a reboot.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from region.machines.container.oci import Bundle, mount
from region.machines.images import OVERLAY_OPTIONS, Image, owner_of
from region.machines.inside.files import remove_tree
from region.machines.spec import MachineSpec

CONTROL_DIRECTORY: Final = "/run/haproof"
ROOT: Final = "root"
"""The directory of a machine's disk that its root directory is."""
_CONTROL: Final = "control"
_BIND: Final = ("bind", "ro", "nosuid", "nodev", "noexec")


class RootDirectory:
    """What one machine keeps on its disk."""

    def __init__(self, directory: Path, disk: Path, image: Image) -> None:
        """Use the disk that is mounted on `disk`, whose content of an earlier run is adopted.

        What the region itself writes for the machine is in `directory`.
        """
        self._directory = directory
        self._disk = disk
        self._image = image

    @property
    def path(self) -> Path:
        """The directory that the container's root is."""
        return self._disk / ROOT

    def bundle(
        self, spec: MachineSpec, token: str, group: str, environment: Mapping[str, str]
    ) -> Bundle:
        """Prepare the directory for a boot, and return the container that it is the root of."""
        self.create()
        mounts = self.mounts()
        self.write_identity(spec, token)
        return Bundle(
            hostname=spec.hostname,
            root=self.path,
            mounts=mounts,
            late_mounts=self.late_mounts(spec.type.memory_bytes),
            memory_bytes=spec.type.memory_bytes,
            group=group,
            environment=environment,
        )

    def create(self) -> None:
        """Make the directories and links of the image that are not there yet; empty /tmp.

        What the machine has put in their places stays: no link of it is followed here.
        """
        remove_tree(self.path / "tmp", ignore_errors=True)
        for path, mode in self._image.directories:
            made = self.path / path.lstrip("/")
            if not os.path.lexists(made):
                made.mkdir(parents=True)
                made.chmod(mode)
        for path, target in self._image.links:
            link = self.path / path.lstrip("/")
            if not os.path.lexists(link):
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(target)
        for overlay in self._image.overlays:
            self._overlay(overlay.destination, "work").mkdir(parents=True, exist_ok=True)
            _make_like(overlay.lowers[0], self._overlay(overlay.destination, "upper"))

    def write_identity(self, spec: MachineSpec, token: str) -> None:
        """Write what differs from machine to machine: host name, control token."""
        etc = self._overlay("/etc", "upper")
        etc.mkdir(parents=True, exist_ok=True)
        _write(etc / "hostname", f"{spec.hostname}\n")
        digest = hashlib.sha256(f"machine-id of {spec.instance_id}".encode()).hexdigest()
        _write(etc / "machine-id", f"{digest[:32]}\n", 0o444)
        if not os.path.lexists(etc / "hosts"):
            names = f"{spec.hostname}.{spec.region}.compute.internal {spec.hostname}"
            _write(etc / "hosts", f"127.0.0.1 localhost\n{spec.private_ip} {names}\n")
        control = self._directory / _CONTROL
        control.mkdir(mode=0o700, exist_ok=True)
        _write(control / "token", token, 0o600)

    def mounts(self) -> list[dict[str, Any]]:
        """Return the mounts that the image asks for, as the OCI specification has them."""
        overlays = [
            mount(
                overlay.destination,
                "overlay",
                "overlay",
                self._options(overlay.destination, overlay.lowers),
            )
            for overlay in self._image.overlays
        ]
        binds = [
            mount(bind.destination, "bind", str(bind.source), ("rbind", *_BIND[1:]))
            for bind in self._image.binds
        ]
        return [*overlays, *binds]

    def late_mounts(self, memory_bytes: int) -> list[dict[str, Any]]:
        """Return the mounts over what the kernel mounts: the memory's size, the control token."""
        meminfo = self._directory / "meminfo"
        _write(meminfo, _meminfo(memory_bytes))
        return [
            mount("/proc/meminfo", "bind", str(meminfo), _BIND),
            mount(CONTROL_DIRECTORY, "bind", str(self._directory / _CONTROL), _BIND),
        ]

    def _options(self, destination: str, lowers: tuple[Path, ...]) -> tuple[str, ...]:
        return (
            "nodev",
            f"lowerdir={':'.join(_escaped(lower) for lower in lowers)}",
            f"upperdir={_escaped(self._overlay(destination, 'upper'))}",
            f"workdir={_escaped(self._overlay(destination, 'work'))}",
            *OVERLAY_OPTIONS,
        )

    def _overlay(self, destination: str, part: str) -> Path:
        return self._disk / "overlay" / destination.strip("/").replace("/", "-") / part


def control_token(directory: Path) -> str:
    """Return the token with which a machine's commands call the region; empty if it has none yet."""
    try:
        return (directory / _CONTROL / "token").read_text()
    except OSError:
        return ""


def _make_like(lower: Path, upper: Path) -> None:
    """Make a directory with the owner and mode of the one below: it is the root of the mount."""
    if upper.is_dir():
        return
    upper.mkdir(parents=True)
    found = lower.stat()
    os.chown(upper, *owner_of(found))
    upper.chmod(stat.S_IMODE(found.st_mode))


def _escaped(path: Path) -> str:
    """Escape what the options of an overlay give a meaning to."""
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    if _has(path, text.encode(), mode):
        # A disk that is full keeps no machine from booting.
        return
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, mode)
        file.write(text)


def _has(path: Path, content: bytes, mode: int) -> bool:
    """Return whether a path is a file with this content and mode; no link of the machine is followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) != mode:
            return False
        return file.read(len(content) + 1) == content


def _meminfo(memory_bytes: int) -> str:
    """Return /proc/meminfo of a computer with this much memory: programs size their heaps by it."""
    total = memory_bytes // 1024
    values = {
        "MemTotal": total,
        "MemFree": total * 3 // 4,
        "MemAvailable": total * 3 // 4,
        "Buffers": 0,
        "Cached": total // 16,
        "SwapCached": 0,
        "SwapTotal": 0,
        "SwapFree": 0,
        "Shmem": 0,
        "SReclaimable": 0,
    }
    return "".join(f"{name + ':':<16}{value:>8} kB\n" for name, value in values.items())
