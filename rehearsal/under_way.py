"""One rehearsal at a time per region directory: its lock, and how to stop the process that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Generator
from pathlib import Path

from commandline import disk
from commandline.errors import UserError
from region import locks, private
from region.options import command

STOP_TIMEOUT_S = 180.0
"""A rehearsal that is told to stop ends two engines gracefully, removes its stacks and its region."""

_POLL_S = 0.1


class UnderWayError(UserError):
    """Another rehearsal has the directory, or did not end; the message names its process."""


def _lock_file(root: Path) -> Path:
    return root / "rehearsal.lock"


@contextlib.contextmanager
def exclusive(root: Path) -> Generator[None]:
    """Hold the lock of `root`: stacks, settings and region below it belong to this rehearsal.

    The kernel unlocks it however the process ends.

    Raises:
        UnderWayError: another rehearsal holds it; nothing below `root` was touched.
        StateError: `root` cannot be made.
        DiskError: its disk is full, or stalls.
    """
    private.root(root)
    disk.require_answering(root)
    with locks.opened(_lock_file(root)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = _recorded(root)
            raise UnderWayError(
                f"a rehearsal is under way{f' (process {pid})' if pid else ''} in {root}; wait for "
                f"it, stop it ({command('stop', root)}), or choose another directory with --root"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            # Before the lock goes: nobody may be told to end what another program is by then.
            file.truncate(0)


def running(root: Path) -> int | None:
    """Return the process of the rehearsal that is under way in `root`; None without one."""
    try:
        file = _lock_file(root).open(encoding="utf-8")
    except OSError:
        return None
    with file:
        try:
            # Shared, so that two that ask do not take each other for a rehearsal.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _recorded(root)
    return None


def stop(root: Path, pid: int) -> None:
    """End the rehearsal as Ctrl-C does and wait until it has removed what it made.

    Raises:
        UnderWayError: it still runs after STOP_TIMEOUT_S.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while running(root) == pid:
        if time.monotonic() > deadline:
            raise UnderWayError(
                f"the rehearsal (process {pid}) has not ended within {STOP_TIMEOUT_S:.0f} s; end it "
                f"with `kill -KILL {pid}` and run `{command('stop', root)}` again"
            )
        time.sleep(_POLL_S)


def _recorded(root: Path) -> int | None:
    """Return the process that the lock file names; None while it has not written it yet."""
    try:
        text = _lock_file(root).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
