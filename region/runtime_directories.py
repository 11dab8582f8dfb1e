"""Directories of a region outside its root: a short one for sockets, and one that all users may read."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

from commandline.errors import UserError
from region.identity import region_id

LONGEST_SOCKET_DIRECTORY = 80
_PLAIN = re.compile(r"[A-Za-z0-9_./+@-]+")
"""Paths that need no quotes in anybody's configuration."""


class DirectoryError(UserError):
    """A directory of the region is somebody else's; the message names it and the remedy."""


def runtime_directory(root: Path) -> Path:
    """Create a short directory for the sockets of the region in `root`, private to this user.

    Unix socket paths are limited to 107 bytes, a region's root is not.

    Raises:
        DirectoryError: somebody else owns the directory.
    """
    path = _runtime_path(root)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    if not private or found.st_uid != os.geteuid():
        raise DirectoryError(
            f"{path} is not a private directory of this user: remove it and start again."
        )
    return path


def remove_runtime_directory(root: Path) -> None:
    """Remove what `runtime_directory` created for `root`."""
    _remove_own(_runtime_path(root))


def shared_directory(root: Path) -> Path:
    """Create a directory of the region in `root` that all users may read and only this one write.

    Raises:
        DirectoryError: somebody else owns the directory or may write to it.
    """
    path = shared_path(root)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(0o755)  # whatever the umask is
    found = path.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DirectoryError(
            f"{path} is not a directory that only this user may write to: remove it and start again."
        )
    return path


def remove_shared_directory(root: Path) -> None:
    """Remove what `shared_directory` created for `root`, also with another TMPDIR."""
    for base in _shared_bases():
        _remove_own(base / _shared_name(root))


def _remove_own(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_uid == os.geteuid():
            shutil.rmtree(path, ignore_errors=True)


def shared_path(root: Path) -> Path:
    """Return where `shared_directory` creates the directory for `root`.

    The directory for temporary files may be a user's own (pam_tmpdir makes such), closed to the others.
    """
    bases = _shared_bases()
    base = next((base for base in bases if _all_may_enter(base)), bases[0])
    return base / _shared_name(root)


def _shared_bases() -> list[Path]:
    return [Path(base) for base in (tempfile.gettempdir(), "/tmp", "/var/tmp")]  # noqa: S108  # by owner


def _shared_name(root: Path) -> str:
    return f"{_runtime_name(root)}-shared"


def _all_may_enter(directory: Path) -> bool:
    path = directory.resolve()
    with contextlib.suppress(OSError):
        return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))
    return False


def _runtime_name(root: Path) -> str:
    return f"haproof-{os.geteuid()}-{region_id(root)}"


def _runtime_path(root: Path) -> Path:
    name = _runtime_name(root)
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        usable = _PLAIN.fullmatch(base) and Path(base).is_dir() and os.access(base, os.W_OK)
        if usable and len(base) + len(name) < LONGEST_SOCKET_DIRECTORY:
            return Path(base) / name
    return Path("/tmp") / name  # noqa: S108  # private by owner and mode, see runtime_directory
