"""The main process of a service that forks: found by PID file or guessed.

It is a child of the machine's init, not of the region, which can only follow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from region.takeover.followed import FollowedProcess


def number_in_machine(pid: int) -> int:
    """Return a process's id as its machine sees it; 0 if it has ended."""
    words = _status(pid).get("NSpid", "").split()
    return int(words[-1]) if words else 0


def find(number: int, pids: Iterable[int]) -> FollowedProcess | None:
    """Return the process of `pids`, ids of the host, that the machine knows as `number`."""
    for pid in pids:
        if number_in_machine(pid) == number:
            with suppress(ProcessLookupError):
                return FollowedProcess(pid)
    return None


def guess(pids: set[int]) -> FollowedProcess | None:
    """Return the only process of `pids` whose parent is none of them; None if there are more."""
    oldest = [pid for pid in pids if _parent(pid) not in pids]
    if len(oldest) == 1:
        with suppress(ProcessLookupError):
            return FollowedProcess(oldest[0])
    return None


def _parent(pid: int) -> int:
    return int(_status(pid).get("PPid", "0"))


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


def command_line(pid: int) -> list[str]:
    """Return the arguments of a process; none if it has ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="surrogateescape").split("\0")[:-1]
