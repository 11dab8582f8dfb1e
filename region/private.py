"""Directories and files of the region that no other user of the computer may read."""

from __future__ import annotations

import os
from pathlib import Path

from commandline.errors import UserError


class StateError(UserError):
    """The directory of a region's state cannot be made; the message says why, and the remedy."""


def root(path: Path) -> Path:
    """Create the directory of a region's state, or close an existing one.

    Raises:
        StateError: It cannot be made.
    """
    try:
        return directory(path)
    except OSError as error:
        raise StateError(
            f"the region's state cannot be kept in {path}: {error.strerror}; name another directory with "
            "--root"
        ) from error


def directory(path: Path) -> Path:
    """Create a directory, or close an existing one, so that only its owner gets into it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, atomically.

    Raises:
        OSError: It cannot be written; the error names the file, as it does not where a disk is full.
    """
    _write(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write such a file; raises as `write` does."""
    _write(path, content)


def write_to_disk(path: Path, content: bytes) -> None:
    """Write such a file, and return when it is on the disk.

    Raises:
        OSError: It cannot be written; the error names the file.
    """
    _write(path, content, sync=True)


def _write(path: Path, content: bytes, *, sync: bool = False) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
        if sync:
            # The name is on the disk only with its directory.
            _sync_directory(path.parent)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
