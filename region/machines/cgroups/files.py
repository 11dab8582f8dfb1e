"""Reading, writing, emptying and removing control-group directories of either version."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from region.machines.errors import LimitsError

_POLL_SECONDS = 0.01
_MAKE_ATTEMPTS = 5


def write(file: Path, value: str) -> None:
    """Write one control file.

    Raises:
        LimitsError: If it cannot be written; the message names file and value.
    """
    try:
        file.write_text(value)
    except OSError as error:
        raise LimitsError(
            f"Cannot write {value!r} to {file}: {error.strerror}; "
            "check that this user may write to the control group."
        ) from error


def read_int(file: Path, default: int = 0) -> int:
    """Read the number in a control file; `default` where the kernel has no such file."""
    try:
        return int(file.read_text().strip())
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise LimitsError(f"Cannot read a number from {file}: {error}.") from error


def read_table(file: Path) -> dict[str, int]:
    """Read a flat keyed control file ("key value" per line); empty where it does not exist."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LimitsError(f"Cannot read {file}: {error.strerror}.") from error
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def make(directory: Path) -> None:
    """Create one control group (and its parents)."""
    for attempt in range(_MAKE_ATTEMPTS):
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except FileNotFoundError:
            # Another region that ends may remove a shared parent in between.
            if attempt + 1 == _MAKE_ATTEMPTS:
                raise LimitsError(
                    f"Cannot create the control group {directory}: its parents disappear; "
                    "check that the hierarchy is still mounted."
                ) from None
        except OSError as error:
            raise LimitsError(
                f"Cannot create the control group {directory}: {error.strerror}."
            ) from error
        else:
            return


def tree(directory: Path) -> Iterator[Path]:
    """Iterate over the group and every group below it, deepest first."""
    for path, _, _ in os.walk(directory, topdown=False):
        yield Path(path)


def pids(directories: Iterable[Path]) -> set[int]:
    """Return the process ids in the given groups and all groups below them."""
    found: set[int] = set()
    for directory in directories:
        for group in tree(directory):
            # A group can disappear, or a hierarchy be unreadable for a moment, during the walk.
            with suppress(OSError):
                found.update(int(line) for line in (group / "cgroup.procs").read_text().split())
    # 0 stands for a process outside our PID namespace, which no signal of ours can reach.
    return found - {0, os.getpid()}


def kill(directories: list[Path], timeout: float) -> int:
    """SIGKILL everything in the groups until they are empty; return how many were killed.

    Raises:
        LimitsError: If a process is alive after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    killed: set[int] = set()
    while alive := pids(directories):
        if time.monotonic() > deadline:
            raise LimitsError(
                f"Processes {sorted(alive)} survived SIGKILL for {timeout:g} s; they wait for "
                "the kernel (I/O), so look at them with `ps -o pid,stat,wchan,cmd`."
            )
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed |= alive
        time.sleep(_POLL_SECONDS)
    return len(killed)


def remove(directories: Iterable[Path], timeout: float) -> None:
    """Remove emptied groups, deepest first; the kernel may hold one for a moment (EBUSY)."""
    deadline = time.monotonic() + timeout
    for directory in directories:
        for group in tree(directory):
            _remove_one(group, deadline)


def _remove_one(group: Path, deadline: float) -> None:
    while True:
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise LimitsError(
                    f"Cannot remove the control group {group}: {error.strerror}; "
                    f"end its processes ({group}/cgroup.procs) and `rmdir` it."
                ) from error
            time.sleep(_POLL_SECONDS)
        else:
            return
