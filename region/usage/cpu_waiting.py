"""How long processes have waited for a CPU of this computer while they could have run.

On AWS each part has CPUs of its own. Here all share this computer's, so what they wait for each other,
or for a stranger, is in the latencies and says nothing about the stack.

The kernel counts it for each thread, in the second field of /proc/PID/task/TID/schedstat (nanoseconds;
Documentation/scheduler/sched-stats.rst). In most kernels that includes the time in which a quota stopped
the thread, so it means nothing while an instance is at its quota.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_NANOSECONDS = 1e9
_PROC = Path("/proc")


class CpuWaiting:
    """Sums up what changing processes have waited. What a thread waited before it ended stays counted."""

    def __init__(self, proc: Path = _PROC) -> None:
        """Start counting at zero; `proc` is the kernel's /proc."""
        self._proc = proc
        self._threads: dict[str, int] = {}
        self._total = 0

    def add(self, pids: Iterable[int]) -> float | None:
        """Return the seconds that these processes' threads have waited, together with all before them.

        It never falls. None where the kernel does not tell (CONFIG_SCHED_INFO) or there are none.
        """
        now = dict[str, int]()
        for pid in pids:
            now |= self._waited(pid)
        if not now:
            return None
        for thread, waited in now.items():
            before = self._threads.get(thread, 0)
            # A smaller count is that of another thread, which has got the number of one that ended.
            self._total += waited - before if waited >= before else waited
        self._threads = now
        return self._total / _NANOSECONDS

    def _waited(self, pid: int) -> dict[str, int]:
        tasks = f"{self._proc}/{pid}/task"
        found = dict[str, int]()
        # What has just ended is left out alone: whom it hid would count anew with the next sample.
        with suppress(OSError):
            for thread in os.listdir(tasks):  # noqa: PTH208 - a Path per thread costs more than its file
                with (
                    suppress(OSError, IndexError, ValueError),
                    open(f"{tasks}/{thread}/schedstat", "rb", buffering=0) as file,  # noqa: PTH123
                ):
                    found[thread] = int(file.read(64).split()[1])
        return found
