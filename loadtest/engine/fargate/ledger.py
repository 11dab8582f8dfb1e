"""What a run has started on AWS, on disk before it is started: `fargate.json` in the run's directory.

Whoever runs the load holds a lock beside it, which the kernel releases when the process ends, however it
ends. So `python -m loadtest workers stop` knows which runs have nobody left who would end their workers.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from loadtest.errors import ResultsError
from loadtest.models import Record
from loadtest.runs import paths
from loadtest.stack.clients import endpoint

FILE: Final = "fargate.json"
LOCK: Final = "fargate.lock"


class Ledger(Record):
    """What was started, and whether any of it may still be there."""

    token: str
    """What the tasks were started by (`startedBy`)."""
    region: str
    endpoint: str | None
    """None: AWS itself."""
    cluster: str
    bucket: str
    prefix: str
    definition: str | None = None
    """ARN of the task definition, once it is registered."""
    tasks: dict[str, str] = Field(default_factory=dict[str, str])
    """Worker -> ARN of its task."""
    open: bool = True
    workers: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Worker -> what it said last: its clock, what was stolen of its CPU."""
    coordinator_clock: dict[str, float] = Field(default_factory=dict[str, float])
    """Seconds that AWS's clock is ahead of that of the computer that probed: between these two."""


class OpenLedger:
    """The ledger of a run that goes on, locked."""

    def __init__(self, directory: Path, ledger: Ledger) -> None:
        """Begin it: it is on the disk when this returns.

        Raises:
            ResultsError: It cannot be written.
        """
        self._file, self.content = directory / FILE, ledger
        self._lock = _locked(directory)
        if self._lock is None:
            raise ResultsError(f"another load test already writes {self._file}")
        self.update()

    def update(self, **changes: Any) -> None:
        """Note changes; they are on the disk when this returns."""
        self.content = self.content.model_copy(update=changes)
        _write(self._file, self.content)

    def close(self) -> None:
        """Note that nothing is left on AWS."""
        self.update(open=False)
        self.release()

    def release(self) -> None:
        """Let go of it, whatever is left on AWS."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            (self._file.parent / LOCK).unlink(missing_ok=True)


def left(results: Path) -> tuple[list[tuple[Path, Ledger]], list[str]]:
    """Return the ledgers of runs that may have left something on AWS, and which cannot be read and why."""
    found, damaged = list[tuple[Path, Ledger]](), list[str]()
    for file in sorted(results.glob(f"*/{FILE}")):
        try:
            ledger = Ledger.model_validate_json(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            damaged.append(f"cannot read {file}: {' '.join(str(error).split())}")
            continue
        if ledger.open:
            found.append((file, ledger))
    return found, damaged


def take(file: Path) -> OpenLedger | None:
    """Take over the ledger of a run that has ended; None if it goes on."""
    lock = _locked(file.parent)
    if lock is None:
        return None
    os.close(lock)
    return OpenLedger(file.parent, Ledger.model_validate_json(file.read_text(encoding="utf-8")))


def new(token: str, region: str, cluster: str, bucket: str, prefix: str) -> Ledger:
    """Return the ledger of a run that has started nothing yet."""
    return Ledger(
        token=token,
        region=region,
        endpoint=endpoint(),
        cluster=cluster,
        bucket=bucket,
        prefix=prefix,
    )


def _locked(directory: Path) -> int | None:
    lock = os.open(directory / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _write(file: Path, ledger: Ledger) -> None:
    paths.write_text(file, ledger.model_dump_json(indent=2) + "\n")
    # The new name, too: AWS is called next.
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
