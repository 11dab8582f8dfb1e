"""Runs the stall watch during a load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Self

from loadtest.engine import stall_watch

_END_S = 5.0


class StallRecorder:
    """Writes the moments in which this computer stands still to a file, from `__enter__` to `__exit__`.

    Where the watch cannot be started or is killed there are fewer moments, or none: a run is then judged as
    if the computer had kept going.
    """

    def __init__(self, path: Path) -> None:
        """Prepare to write to `path`."""
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start watching."""
        try:
            with self._path.open("wb") as output:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(Path(stall_watch.__file__))],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                )
        except OSError:
            self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        if self._process is None:
            return
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
