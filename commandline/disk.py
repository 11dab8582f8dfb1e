"""Whether a directory's disk takes what is written, asked before minutes of work depend on it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from commandline.errors import UserError

PATIENCE_S: Final = 10.0
"""A disk under heavy load writes a block within seconds; a network share that is gone never does."""


class DiskError(UserError):
    """The disk does not answer; the message names the directory and the remedy."""


def require_answering(directory: Path, patience_s: float = PATIENCE_S) -> None:
    """Write a block below `directory` to its disk, and remove it.

    A process of its own does it: whoever waits for a stalled disk can be neither interrupted nor killed.

    Args:
        directory: one that exists and may be written to.
        patience_s: how long the disk has for it, in seconds.

    Raises:
        DiskError: the disk stalls.
    """
    probe = directory / ".disk-probe"
    script = 'dd if=/dev/zero of="$1" bs=4096 count=1 conv=fsync 2>/dev/null; rm -f "$1"'
    process = subprocess.Popen(["sh", "-c", script, "sh", str(probe)], start_new_session=True)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        raise DiskError(
            f"the disk of {directory} has not written 4 KiB within {patience_s:g} s; see what it waits for "
            "(`dmesg`, `df`, a network share that is gone), or name a directory on another disk"
        ) from None
