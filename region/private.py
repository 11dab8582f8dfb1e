"""Directories and files of the region that no other user of the computer may read."""

from __future__ import annotations

import os
from pathlib import Path


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
    try:
        _write(path, text)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
