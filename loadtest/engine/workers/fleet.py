"""The workers of one load: they start together, and if one fails all of them stop."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commandline.steady_clock import SteadyClock
from loadtest.engine.generators.base import Load, Running, Turn
from loadtest.engine.workers import clocks
from loadtest.engine.workers.collector import Collector, Recorded, recorded, totals
from loadtest.engine.workers.silence import SILENT_S, Silence
from loadtest.errors import ResultsError
from loadtest.profiles import Profile
from loadtest.runs import paths
from loadtest.runs.recording import Usage

POLL_S: Final = 0.05
HEAD_START_S: Final = 1.0
"""Between the last worker's readiness and the beginning: time for each to learn of it."""
EARLY: Final = 1
"""The status of workers of which one ended well before anything began."""
READY_S: Final = 90.0
"""Within so many seconds each worker has to be ready; several start up at once on one computer."""


@dataclass(frozen=True)
class Start:
    """How a common beginning is agreed on."""

    ready_s: float = READY_S
    """Within so many seconds each worker has to be ready."""
    head_start_s: float = HEAD_START_S
    """Between the last worker's readiness and the beginning."""
    now: Callable[[], float] = time.time  # noqa: TID251 - workers have processes of their own
    """The clock that the workers go by, in epoch seconds."""
    silent_s: float = SILENT_S
    """For how long a worker may say nothing while it runs."""


@dataclass(frozen=True)
class Worker:
    """One worker: its share of the load, and the process that starts it."""

    load: Load
    turn: Turn
    process: Running

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return self.load.directory.name

    @property
    def first_arrival_s(self) -> float | None:
        """When its first visitor comes, in seconds after the beginning; None if it has none."""
        return next(iter(self.load.profile.schedule().tolist()), None)


class Fleet:
    """Several generators as one."""

    def __init__(
        self,
        directory: Path,
        profile: Profile,
        workers: Sequence[Worker],
        start: Start | None = None,
    ) -> None:
        """Take over workers that have been started and wait for the common beginning.

        Args:
            directory: The run's directory, which gets what all of them record.
            profile: The whole load.
            workers: Each has a turn.
            start: How they begin together; by default as processes of this computer.
        """
        self._start = start or Start()
        self._clock = SteadyClock()
        self._directory, self._workers = directory, tuple(workers)
        self._complaint: str | None = None
        self._lock = threading.Lock()
        self._ended = False
        directories = [one.load.directory for one in workers]
        self._silence = Silence(
            [one.first_arrival_s for one in workers],
            lambda number: self._workers[number].process.poll() is None,
            self._start.silent_s,
        )
        self._collector = Collector(directory, profile, directories, self._complain, self._silence)
        self._collector.start()
        self._stop = threading.Event()
        self._starter = threading.Thread(
            target=self._begin_together, args=(profile.peak_rate,), daemon=True
        )
        self._starter.start()

    def _begin_together(self, peak_rate: int) -> None:
        deadline = time.monotonic() + self._start.ready_s
        waiting = list(self._workers)
        while waiting and not self._stop.wait(POLL_S):
            waiting = [one for one in waiting if not one.turn.ready.exists()]
            if waiting and time.monotonic() > deadline:
                names = ", ".join(one.name for one in waiting)
                self._complain(f"not ready after {self._start.ready_s:g} s: {names}")
                return
        for one in self._workers:
            if why := clocks.fault(one.turn):
                self._complain(f"{one.name}: {why}")
                return
        try:
            self._tell_to_begin(peak_rate)
        except ResultsError as error:
            self._complain(str(error))

    def _tell_to_begin(self, peak_rate: int) -> None:
        begin_ms = (self._start.now() + self._start.head_start_s) * 1000
        for number, worker in enumerate(self._workers):
            if self._stop.is_set():
                return
            # Each begins a visitor later than the one before: together they are as even as one.
            later_ms = number * 1000 / peak_rate
            paths.write_text(worker.turn.begin, f"{begin_ms + later_ms:.3f}")
        self._silence.begin(self._start.head_start_s)

    def _complain(self, text: str) -> None:
        with self._lock:
            self._complaint = self._complaint or text

    @property
    def pids(self) -> list[int]:
        """Ids of the workers' first processes."""
        return [pid for one in self._workers for pid in one.process.pids]

    @property
    def complaint(self) -> str | None:
        """Why the load cannot go on: a worker said so, or has ended before the others."""
        for one in self._workers:
            if said := one.process.complaint:
                self._complain(f"{one.name}: {said}")
        return self._complaint

    @property
    def script_errors(self) -> Mapping[str, int]:
        """How the script itself failed users of any worker."""
        found = Counter[str]()
        for one in self._workers:
            found.update(one.process.script_errors)
        return found

    def poll(self) -> int | None:
        """Return 0 once all have ended well, the first failure's status if one has not, else None."""
        ended = [one.process.poll() for one in self._workers]
        for one, status in zip(self._workers, ended, strict=True):
            if status:
                why = one.process.complaint
                how = f" of {len(ended)} ended with status {status}"
                self._complain(f"{one.name}: {why}" if why else f"{one.name}{how}")
                return status
            if status == 0 and not one.turn.begin.exists():
                self._complain(f"{one.name} of {len(ended)} ended before the load began")
                return EARLY
        if None in ended:
            return None
        self._finish()
        return 0

    def _finish(self) -> None:
        """Hold what each has started against its share, and sum up."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._collector.close()
        together, each = totals([one.load.directory for one in self._workers])
        paths.write_json(self._directory / paths.TOTALS, {"counters": together})
        whose = dict[str, str]()
        for worker, counted in zip(self._workers, each, strict=True):
            found = recorded(worker.load.directory)
            for problem in _problems(worker, counted, found):
                self._complain(problem)
            if other := next((whose[user] for user in found.users if user in whose), None):
                self._complain(f"{other} and {worker.name} recorded the same visitor")
            whose |= dict.fromkeys(found.users, worker.name)

    def usage(self) -> Usage | None:
        """Add up what the workers have used; None once one of them has ended."""
        used = [one.process.usage() for one in self._workers]
        found = [one for one in used if one is not None]
        if len(found) < len(used):
            return None
        return Usage(
            self._clock.ms(),
            sum(one.cpu_seconds for one in found),
            sum(one.rss_bytes for one in found),
        )

    def stop(self) -> None:
        """Stop all workers, and collect what is left. Idempotent."""
        self._stop.set()
        # At once: whoever is stopped last would go on alone.
        with ThreadPoolExecutor(len(self._workers)) as pool:
            list(pool.map(lambda one: one.process.stop(), self._workers))
        self._starter.join()
        self._collector.close()

    def last_lines(self) -> str:
        """Format the end of what each printed."""
        return "\n".join(f"  {one.name}:\n{one.process.last_lines()}" for one in self._workers)


def _problems(worker: Worker, counted: Mapping[str, int], found: Recorded) -> Iterator[str]:
    """Yield how a worker did other than its share, or recorded other than it did."""
    planned = worker.load.profile.planned_users
    started = counted.get("vusers.created", 0)
    if started != planned:
        yield f"{worker.name} started {started:,} of its {planned:,} visitors"
    requests = counted.get("http.requests", 0)
    if found.sent != requests:
        yield f"{worker.name} recorded {found.sent:,} requests, of {requests:,} that it counted"
    if found.twice is not None:
        yield f"{worker.name} recorded a request twice: {found.twice}"
