"""CPU use of a target on this computer, if the target runs here and is recorded.

LOADTEST_TARGET_USAGE names a file that grows by a line per second and part of the target; its format is
described in `loadtest/runs/host.py`. The run's part of it is copied into the run's directory, which then
documents the run alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from loadtest.runs import journal, paths

VARIABLE = "LOADTEST_TARGET_USAGE"


class TargetUsage:
    """The part of the file that is written from now on."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._begun_at = _size(source)

    def copy(self, directory: Path) -> None:
        """Copy what was written since into the run's `target.ndjson.gz`; nothing if it is unreadable.

        What is missing then is for the checks of validity to say.

        Raises:
            OSError: The copy cannot be written.
        """
        # A file that has shrunk was begun anew.
        begin = self._begun_at if _size(self._source) >= self._begun_at else 0
        try:
            with self._source.open("rb") as file:
                file.seek(begin)
                content = file.read()
        except OSError:
            return
        whole, end, _ = content.rpartition(b"\n")
        if end:
            text = (whole + end).decode("utf-8", "replace")
            journal.append(directory / f"{paths.TARGET}.gz", text)


def find() -> TargetUsage | None:
    """Return what the environment names; None if the target is not on this computer."""
    named = os.environ.get(VARIABLE)
    return TargetUsage(Path(named)) if named else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
