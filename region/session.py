"""How other processes find the running region: one record and one lock below the root."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from commandline import files
from commandline.errors import UserError
from region import locks, private
from region.config import DEFAULT_IMAGE, DEFAULT_REGION
from region.options import command
from region.takeover.followed import start_of


class SessionError(UserError):
    """No region is running, or one already is; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Session:
    """How to reach a running region. Ports are on 127.0.0.1.

    Attributes:
        created: When its process started, by a clock that nobody sets: `followed.start_of`.
        why_no_volumes: Why instances have no root volumes of their own; empty if they have.
        forgotten: Why it began without what it held when it last ran; empty if it did not.
    """

    pid: int
    created: str
    api_port: int
    provider_port: int
    region: str = DEFAULT_REGION
    speed: float = 1.0
    limits: str = ""
    image: str = DEFAULT_IMAGE
    cpu_credits: float | None = None
    why_no_volumes: str = ""
    forgotten: str = ""

    def alive(self) -> bool:
        """Return whether the process that wrote the record still runs (not another with its number)."""
        try:
            return start_of(self.pid) == self.created
        except ProcessLookupError:
            return False


def record(root: Path) -> Path:
    """Return the file that names the running region."""
    return root / "region.json"


def read(root: Path) -> Session | None:
    """Return the region that last ran in `root`, alive or not; None without a readable record."""
    return _read(record(root))


def _read(path: Path) -> Session | None:
    try:
        return Session(**files.parse_json(files.read_text(path)))
    except (OSError, ValueError, TypeError):
        return None


def running(root: Path) -> Session | None:
    """Return the region that is running in `root`, or None."""
    session = read(root)
    return session if session is not None and session.alive() else None


def require(root: Path) -> Session:
    """Return the running region.

    Raises:
        SessionError: none is running.
    """
    session = running(root)
    if session is None:
        hint = command("start", root)
        raise SessionError(f"no local region is running; start one: {hint}")
    return session


def write(root: Path, session: Session) -> None:
    """Write the record, atomically."""
    private.write(record(root), json.dumps(asdict(session), indent=2))


def announce(root: Path, pid: int) -> None:
    """Record that the process `pid` is about to become the region of `root`."""
    other = starting(root)
    if other is not None and other.pid != pid:
        return  # It holds the lock, or will: this process will not become the region.
    private.root(root)
    coming = Session(pid=pid, created=start_of(pid), api_port=0, provider_port=0)
    private.write(_announcement(root), json.dumps(asdict(coming)))


def starting(root: Path) -> Session | None:
    """Return the process that is about to become the region of `root`; it has no ports yet."""
    found = _read(_announcement(root))
    return found if found is not None and found.alive() else None


def _announcement(root: Path) -> Path:
    return root / "starting.json"


def own_creation_time() -> str:
    """Return when this process started, as in `Session.created`."""
    return start_of(os.getpid())


@contextmanager
def exclusive(root: Path) -> Generator[Callable[[], bool]]:
    """Lock the root: one region at a time. The kernel unlocks it however the process ends.

    Yields a function that returns whether the root, and so the lock, is still there.

    Raises:
        SessionError: another process has locked it.
    """
    private.root(root)
    with locks.opened(root / "lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SessionError(
                f"another local region is using {root}; stop it first: {command('stop', root)}"
            ) from error
        yield lambda: os.fstat(file.fileno()).st_nlink > 0
