"""Lock files, and who holds them.

A lock of flock(2) can be taken by whoever can open the file, even for reading: so only its owner may.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final, TextIO

LOCKS: Final = Path("/proc/locks")


def opened(path: Path) -> TextIO:
    """Open a lock file that only its owner may open, for reading and appending; create it.

    A version that left it open to all may have let another user lock it, whom nothing would make let
    go: such a file is replaced by a new one with the same content.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    file = os.fdopen(descriptor, "a+", encoding="utf-8")
    os.fchmod(descriptor, 0o600)
    if not _locked_by_a_stranger(path, os.fstat(descriptor)):
        return file
    with file:
        file.seek(0)
        content = file.read()
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
    file = os.fdopen(descriptor, "a+", encoding="utf-8")
    file.write(content)
    file.flush()
    new.replace(path)
    return file


def _locked_by_a_stranger(path: Path, found: os.stat_result) -> bool:
    """Return whether a process of a user who has nothing to do with the region holds the lock."""
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pass
        else:
            return False
    holder = _holder(found)
    if holder is None:
        return False
    try:
        owner = Path("/proc", str(holder)).stat().st_uid
    except OSError:
        return False
    return owner not in {0, os.geteuid(), path.parent.stat().st_uid}


def _holder(found: os.stat_result) -> int | None:
    """Return the process that locked a file, as proc_locks(5) has it; None if that is not known."""
    number = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        lines = LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        if words[1:2] == ["FLOCK"] and words[5] == number:
            return int(words[4])
    return None
