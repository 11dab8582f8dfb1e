"""Regions that tests start end with them, also where the run is killed, as by a time limit.

`python -m tests.ended_regions` reads a region's root from its input and waits until that ends, as it
does when the process that holds the other end dies. It stops the region then, unless it was told that
this is done.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

_DONE = b"done"
"""Comes after the line with the root."""


@contextlib.contextmanager
def ending(root: Path) -> Generator[None]:
    """Have the region in `root` stopped if this process dies before the block ends."""
    watcher = subprocess.Popen(
        # Not with the root in its arguments: tests look for what is left of a region by those.
        [sys.executable, "-m", "tests.ended_regions"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # A time limit ends the whole group of processes.
    )
    assert watcher.stdin is not None
    watcher.stdin.write(f"{root}\n".encode())
    watcher.stdin.flush()
    try:
        yield
    finally:
        watcher.communicate(_DONE)


def _watch() -> None:
    root, _, told = sys.stdin.buffer.read().partition(b"\n")
    if told != _DONE:
        stop = [sys.executable, "-m", "region", "stop", "--root", root.decode()]
        subprocess.run(stop, check=False, timeout=300)


if __name__ == "__main__":
    _watch()
