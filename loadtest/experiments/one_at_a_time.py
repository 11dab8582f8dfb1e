"""Only one command at a time runs experiments on a stack, so that each effect has one cause.

The kernel releases the lock when the command ends, however it ends. Between the experiments of one command
no fault journal is open, so the journals alone would let another one slip in.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from loadtest.errors import ExperimentError
from loadtest.experiments.undo import DIRECTORY

SUFFIX = ".lock"


@contextmanager
def only_one(results: Path, place: str, stack: str) -> Generator[None]:
    """Be the only command that runs experiments on a stack; `place` tells it from others of that name.

    Of those that keep their results in the same directory.

    Raises:
        ExperimentError: Another one does already, or the lock cannot be written.
    """
    name = hashlib.sha256(f"{place} {stack}".encode()).hexdigest()[:16]
    path = results / DIRECTORY / f"{name}{SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise ExperimentError(
            f"cannot write {path} ({error.strerror}): nothing was done; name another directory by "
            "LOADTEST_RESULTS"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExperimentError(
                f"another command runs experiments on the stack {stack}: wait until it has ended, or "
                "end it"
            ) from error
        yield
