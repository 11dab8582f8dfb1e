"""The running region as other processes find it: one record and one lock below the root."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from region.config import DEFAULT_REGION


class SessionError(Exception):
    """There is no running region, or already one; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Session:
    """How to reach a running region. Ports are on 127.0.0.1; `created` is the process's start time."""

    pid: int
    created: float
    api_port: int
    provider_port: int
    region: str = DEFAULT_REGION
    speed: float = 1.0
    limits: str = ""

    def alive(self) -> bool:
        """Whether the process that wrote the record still runs (not another with its number)."""
        try:
            process = psutil.Process(self.pid)
            return (
                abs(process.create_time() - self.created) < 1.0
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False


def record(root: Path) -> Path:
    """The file that names the running region."""
    return root / "region.json"


def read(root: Path) -> Session | None:
    """The region that last ran in `root`, alive or not; None if none did or the record is broken."""
    try:
        return Session(**json.loads(record(root).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def running(root: Path) -> Session | None:
    """The region that runs in `root` now, or None."""
    session = read(root)
    return session if session is not None and session.alive() else None


def require(root: Path) -> Session:
    """The running region.

    Raises:
        SessionError: there is none.
    """
    session = running(root)
    if session is None:
        raise SessionError("no local region is running; start one: python -m rehearsal start")
    return session


def write(root: Path, session: Session) -> None:
    """Makes the region findable, in one step."""
    part = record(root).with_suffix(".part")
    part.write_text(json.dumps(asdict(session), indent=2), encoding="utf-8")
    part.replace(record(root))


def own_creation_time() -> float:
    """When this process started, as `Session.created`."""
    return psutil.Process(os.getpid()).create_time()


@contextmanager
def exclusive(root: Path) -> Generator[None]:
    """Holds the root: one region at a time. The kernel frees it however the process ends.

    Raises:
        SessionError: another process holds it.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SessionError(
                f"another local region holds {root}; stop it first: python -m rehearsal stop"
            ) from error
        yield
