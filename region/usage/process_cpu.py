"""CPU time of the region's own processes: this one and the daemons that it started."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil


class _Tally:
    """A sum that several threads add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.total = 0.0

    def add(self, seconds: float) -> None:
        with self._lock:
            self.total += seconds


_of_machines = _Tally()


def own() -> float:
    """Return the CPU seconds of this process and of those children that have ended.

    Not of the processes of machines: those count as theirs.
    """
    times = os.times()
    everything = times.user + times.system + times.children_user + times.children_system
    return everything - _of_machines.total


def leave_out(seconds: float) -> None:
    """Say that a child that was just waited for has used so much CPU in a machine."""
    _of_machines.add(seconds)


def tree(pid: int) -> list[int]:
    """Return the ids of a process and of all below it, whether or not they still run."""
    return [pid, *(found for child in _children(pid) for found in tree(child))]


def used_by(pids: Sequence[int]) -> float | None:
    """Return the CPU seconds of a process's `tree` and of those that have ended; None if the first is gone.

    What ended counts in its parent (`cutime`), so the sum never falls while the first process lives.
    A resolution of 10 ms.
    """
    first, *others = map(_cpu_seconds, pids)
    return None if first is None else first + sum(one or 0.0 for one in others)


def _cpu_seconds(pid: int) -> float | None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return times.user + times.system + times.children_user + times.children_system


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        pass  # It has ended, or the kernel lacks CONFIG_PROC_CHILDREN.
    except OSError:
        return []
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []
