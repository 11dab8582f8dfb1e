"""Regions that tests start end with them, also where the run is killed, as by a time limit.

`python -m tests.ended_regions ROOT` waits until its input ends, as it does when the process that holds the
other end dies, and stops the region in ROOT then, unless it was told before that this is done.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

_DONE = b"done"


@contextlib.contextmanager
def ending(root: Path) -> Generator[None]:
    """Have the region in `root` stopped if this process dies before the block ends."""
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tests.ended_regions", str(root)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # A time limit ends the whole group of processes.
    )
    try:
        yield
    finally:
        watcher.communicate(_DONE)


def _watch(root: str) -> None:
    if sys.stdin.buffer.read() != _DONE:
        stop = [sys.executable, "-m", "region", "stop", "--root", root]
        subprocess.run(stop, check=False, timeout=300)


if __name__ == "__main__":
    _watch(sys.argv[1])
