"""Whether a disk can be written to, checked before minutes of work depend on it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Final

from commandline.errors import UserError

PATIENCE_S: Final = 10.0
"""A disk under heavy load writes a block within seconds; a network share that is gone never does."""


class DiskError(UserError):
    """What is to be written cannot be; the message names the place and the remedy."""


_SYSTEM: Final = "/usr/bin:/bin"
"""Where `dd` is, whatever PATH says."""


def require_writable(file: Path) -> None:
    """Require a file that can be written when the work that it is for is done; leave all as it is.

    Raises:
        DiskError: It cannot; the message says why.
    """
    made = list[Path]()
    try:
        made += [one for one in file.parents if not one.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
        existed = file.exists()
        # Not to wait for a reader of a named pipe.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        os.close(os.open(file, flags, 0o666))
        if not existed:
            file.unlink()
        if (not existed or file.is_file()) and os.access(file.parent, os.W_OK):
            # A full disk makes an empty file without a word.
            require_answering(file.parent)
    except OSError as error:
        raise DiskError(f"cannot write {file}: {error.strerror}; name another file") from error
    finally:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()


def require_answering(directory: Path, patience_s: float = PATIENCE_S) -> None:
    """Write a block below `directory` to its disk, and remove it.

    A process of its own does it: whoever waits for a stalled disk can be neither interrupted nor killed.

    Args:
        directory: one that exists and may be written to.
        patience_s: how long the disk has for it, in seconds.

    Raises:
        DiskError: the disk stalls, is full or takes nothing.
    """
    probe = directory / ".disk-probe"
    script = 'dd if=/dev/zero of="$1" bs=4096 count=1 conv=fsync; code=$?; rm -f "$1"; exit $code'
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", str(probe)],
        start_new_session=True,
        env={
            **os.environ,
            "LC_ALL": "C",
            "PATH": f"{os.environ.get('PATH') or os.defpath}:{_SYSTEM}",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, said = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        raise DiskError(
            f"the disk of {directory} has not written 4 KiB within {patience_s:g} s; see what it waits for "
            "(`dmesg`, `df`, a network share that is gone), or name a directory on another disk"
        ) from None
    if process.returncode:
        why = said.splitlines()[0].rpartition(": ")[2] if said else "dd cannot be run"
        raise DiskError(
            f"4 KiB cannot be written to {directory}: {why}; make room, or name another directory"
        )
