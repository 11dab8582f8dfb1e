"""What overlays depend on in the rights of this process, in one place.

The kernel accepts the device 0/0 as a whiteout from any user since Linux 5.8. That a directory is
opaque is an extended attribute, whose name says who may set it: `trusted.` needs the rights of the
host's root, `user.` needs the mount option `userxattr`, which exists for user namespaces.
https://docs.kernel.org/filesystems/overlayfs.html
"""

from __future__ import annotations

import os
from pathlib import Path


def _of_the_host() -> bool:
    """Return whether this process has the rights of the host's root."""
    try:
        mapped = Path("/proc/self/uid_map").read_text(encoding="ascii").split()
    except OSError:
        return False
    return os.geteuid() == 0 and mapped == ["0", "0", "4294967295"]


OF_THE_HOST = _of_the_host()
OVERLAY_OPTIONS: tuple[str, ...] = () if OF_THE_HOST else ("userxattr",)
_OPAQUE = "trusted.overlay.opaque" if OF_THE_HOST else "user.overlay.opaque"
_WHITEOUT = 0o020000
"""S_IFCHR; the device's number is 0/0."""


def make_whiteout(path: Path) -> None:
    """Hide whatever the directories below have at `path`."""
    os.mknod(path, _WHITEOUT, os.makedev(0, 0))


def make_opaque(directory: Path) -> None:
    """Hide whatever the directories below have in `directory`."""
    os.setxattr(directory, _OPAQUE, b"y")
