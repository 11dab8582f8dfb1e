"""Watches the computer that generates the load during a run.

The load test cannot tell a slow target from a busy computer by latencies alone: a late answer looks
the same where the generator, or a target on the same computer, waited for a CPU. So it counts, once a
second, what the CPUs did and what of it was its own. What is neither its own nor the target's was used
by others.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import psutil

from commandline.steady_clock import SteadyClock
from loadtest.engine import cpu_quota
from loadtest.engine.processes import ProcessTable, snapshot
from loadtest.runs.host import HostSample

INTERVAL_S = 1.0
STARTERS = ("python", "pulumi")
"""Beginnings of the names of programs that start a load test: Pulumi's engine by the program's hook,
its language host, a rehearsal. While it runs they wait, and what they use is not a stranger's."""
ENGINE = "pulumi"


class HostRecorder:
    """Appends a sample a second to a file, from `__enter__` to `__exit__`."""

    def __init__(
        self, path: Path, generator: Iterable[int], clock: SteadyClock | None = None
    ) -> None:
        """Prepare to watch by `clock`; `generator` has the ids of the generator's first processes."""
        self._path = path
        self._clock = clock or SteadyClock()
        self._quota = cpu_quota.find()
        self._ours = OwnCpu(generator)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="computer's watch", daemon=True)
        self.failure: str | None = None
        """Why it stopped early, for instance a full disk; None if it did not."""

    def __enter__(self) -> Self:
        """Start watching."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take a last sample and stop."""
        self._stop.set()
        self._thread.join(INTERVAL_S + 5)

    def _run(self) -> None:
        due = time.monotonic()
        try:
            while True:
                self._append(self.sample())
                # Not relative to now: a late sample must not delay those after it.
                due = max(due + INTERVAL_S, time.monotonic())
                if self._stop.wait(due - time.monotonic()):
                    self._append(self.sample())
                    return
        except OSError as error:
            self.failure = f"cannot watch this computer in {self._path}: {error.strerror}"

    def _append(self, sample: HostSample) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(sample.to_line().encode())

    def sample(self) -> HostSample:
        """Read all counters."""
        ours = self._ours.read(snapshot())
        cpus = psutil.cpu_times(percpu=True)
        at_ms = self._clock.ms()
        idle = tuple(one.idle + getattr(one, "iowait", 0.0) for one in cpus)
        return HostSample(
            at_ms=at_ms,
            cpus=len(cpus),
            idle_s=sum(idle),
            steal_s=sum(getattr(one, "steal", 0.0) for one in cpus),
            per_cpu_idle_s=idle,
            running=_running(),
            ours_s=ours,
            quota_cores=self._quota.cores if self._quota else None,
            throttled_s=self._quota.throttled_s() if self._quota else 0.0,
            clock_moved_s=self._clock.moved_s(),
        )


class OwnCpu:
    """Counts the CPU of the load test's own processes. What ended stays counted."""

    def __init__(self, generator: Iterable[int]) -> None:
        self._generator = tuple(generator)
        self._counted: dict[str, float] = {}

    def read(self, table: ProcessTable) -> dict[str, float]:
        """Return the CPU seconds of each part so far; none ever falls."""
        generator = set[int]().union(*map(table.tree, self._generator))
        times = time.process_time()
        now = {
            "runner": times,
            "generator": table.cpu_seconds(generator),
            "engine": table.cpu_seconds(_engine(table) - generator),
        }
        # A process that has ended is missing, and its parent counts it only if it waited for it.
        self._counted = {k: max(v, self._counted.get(k, 0.0)) for k, v in now.items()}
        return self._counted


def _engine(table: ProcessTable) -> set[int]:
    """Return the processes that started this one, and each Pulumi engine among them with its own.

    A rehearsal may keep an engine waiting whose stack is loaded later: a child of an ancestor.
    """
    found = set[int]()
    own = table.tree(os.getpid())
    for pid in table.ancestors(os.getpid()):
        if not table.processes[pid].name.startswith(STARTERS):
            break
        found.add(pid)
        for child in (pid, *table.children(pid)):
            if table.processes[child].name.startswith(ENGINE):
                found |= table.tree(child)
    return found - own


def _running() -> int | None:
    """Return how many processes and threads run or wait for a CPU: `4` in `… 4/222 19943`."""
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return None
