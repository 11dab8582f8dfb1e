"""CPU use of a target on this computer, if the target runs here and is recorded.

LOADTEST_TARGET_USAGE names a file that grows by a line per second and part of the target; its format is
described in `loadtest/runs/host.py`. The run's part of it is copied into the run's directory, which then
documents the run alone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from commandline.steady_clock import SteadyClock
from loadtest.runs import journal, paths

VARIABLE = "LOADTEST_TARGET_USAGE"
SAME_S: Final = 0.05
"""Two readings of a clock that nobody has set differ by less."""


class TargetUsage:
    """The part of the file that is written from now on."""

    def __init__(self, source: Path, clock: SteadyClock | None = None) -> None:
        """Take what is written from now on; `clock` is the run's, which begins now."""
        self._source, self._clock = source, clock or SteadyClock()
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
            dated = "".join(map(self._dated, text.splitlines(keepends=True)))
            journal.append(directory / f"{paths.TARGET}.gz", dated)

    def _dated(self, line: str) -> str:
        """Return a line with the time that the run's clock had: theirs may have been set meanwhile."""
        try:
            sample: dict[str, Any] = json.loads(line)
            at = self._clock.at(float(sample["ticks"]))
            if abs(at - float(sample["at"])) < SAME_S:
                return line
        except (ValueError, KeyError, TypeError):
            # What it is, the checks of validity say.
            return line
        return json.dumps({**sample, "at": round(at, 3)}) + "\n"


def find() -> TargetUsage | None:
    """Return what the environment names; None if the target is not on this computer."""
    named = os.environ.get(VARIABLE)
    return TargetUsage(Path(named)) if named else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
