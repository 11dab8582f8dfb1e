"""Undoes what a killed experiment left behind: `python -m loadtest.experiments.guard FILE`.

It starts with the experiment, in a session of its own, and waits for the lock on the fault journal,
which the kernel releases when the experiment ends, in whatever way. After an experiment that put
everything back the journal is gone, and nothing is left to do.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from loadtest.errors import ExperimentError

TRIES = 24
PAUSE_S = 5.0
LONGEST_S = 120.0
"""After so long it is not tried again: what takes minutes each time, as a deployment does, would go on for
hours."""
LOG = "guard.log"


def start(journal: Path) -> int:
    """Start a guard for a journal; returns its process id. It outlives this process.

    Raises:
        ExperimentError: It cannot be started: without it, no fault may begin.
    """
    try:
        with (journal.parent / LOG).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "loadtest.experiments.guard", str(journal.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
    except OSError as error:
        raise ExperimentError(
            f"cannot start the guard of {journal} ({error.strerror}); without it nothing would be put "
            "back after a kill, so nothing was done"
        ) from error
    return process.pid


def main(path: Path) -> int:
    """Wait for the experiment's end, then put back what it left; returns the exit code."""
    # Imported here, and boto3 later still: while an experiment runs, the guard only waits.
    from loadtest.experiments.undo import FaultJournal  # noqa: PLC0415

    journal = FaultJournal.take(path, wait=True)
    if journal is None:
        return 0
    try:
        began = time.monotonic()
        for attempt in range(TRIES):
            if not journal.to_put_back:
                return 0
            if time.monotonic() - began > LONGEST_S:
                break
            if attempt:
                time.sleep(PAUSE_S)
            _put_back(journal)
        return 1 if journal.to_put_back else 0
    finally:
        journal.close()


def _put_back(journal: object) -> None:
    from loadtest.experiments import recovery  # noqa: PLC0415
    from loadtest.experiments.undo import FaultJournal  # noqa: PLC0415

    assert isinstance(journal, FaultJournal)  # noqa: S101 - for the type only
    try:
        done, left = recovery.put_back(journal)
    except ExperimentError as error:
        done, left = [], [str(error)]
    # On a full disk nobody reads what it did, but it goes on.
    with contextlib.suppress(OSError):
        for line in (*done, *left):
            print(f"{journal.header.id}: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
