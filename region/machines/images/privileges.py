"""What overlays depend on in the rights of this process, in one place.

The kernel accepts the device 0/0 as a whiteout from any user since Linux 5.8. That a directory is
opaque is an extended attribute, whose name says who may set it: `trusted.` needs the rights of the
host's root, `user.` needs the mount option `userxattr`, which exists for user namespaces.
https://docs.kernel.org/filesystems/overlayfs.html
"""

from __future__ import annotations

import os
from pathlib import Path

from region.rootless import OF_THE_HOST

OVERLAY_OPTIONS: tuple[str, ...] = () if OF_THE_HOST else ("userxattr",)
_OPAQUE = "trusted.overlay.opaque" if OF_THE_HOST else "user.overlay.opaque"
_NOBODY = 65_534
"""What the kernel shows for a user or group that has no number in the namespace."""
_WHITEOUT = 0o020000
"""S_IFCHR; the device's number is 0/0."""


def owner_of(found: os.stat_result) -> tuple[int, int]:
    """Return user and group of what an instance sees at a path of this computer.

    In a user namespace the computer's own users are `nobody`: their files belong to the instance's root.
    """
    if OF_THE_HOST:
        return found.st_uid, found.st_gid
    return (
        0 if found.st_uid == _NOBODY else found.st_uid,
        0 if found.st_gid == _NOBODY else found.st_gid,
    )


def make_whiteout(path: Path) -> None:
    """Hide whatever the directories below have at `path`."""
    os.mknod(path, _WHITEOUT, os.makedev(0, 0))


def make_opaque(directory: Path) -> None:
    """Hide whatever the directories below have in `directory`."""
    os.setxattr(directory, _OPAQUE, b"y")
