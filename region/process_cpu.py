"""CPU time of the region's own processes: this one and the daemons that it started."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_TICKS = os.sysconf("SC_CLK_TCK")
_USER_TIME = 11
"""Place of `utime` behind the command's name in /proc/PID/stat; `stime`, `cutime` and `cstime` follow."""


def own() -> float:
    """Return the CPU seconds of this process and of those children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def tree(pid: int) -> float | None:
    """Return the CPU seconds of a process, its children and those that have ended; None if it is gone.

    What ended counts in its parent (`cutime`), so the sum never falls while the first process lives.
    A resolution of 10 ms.
    """
    first = _cpu_seconds(pid)
    if first is None:
        return None
    return first + sum(tree(child) or 0.0 for child in _children(pid))


def _cpu_seconds(pid: int) -> float | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name of the command, in parentheses, may itself contain spaces and parentheses.
    numbers = text.rpartition(")")[2].split()
    return sum(map(int, numbers[_USER_TIME : _USER_TIME + 4])) / _TICKS


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
