"""What users experience right now: follows the requests of a running load."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from commandline.steady_clock import SteadyClock
from loadtest.outcomes import FAILED
from loadtest.runs import paths
from loadtest.runs.journal import Tail
from loadtest.runs.recording import Beat, PhaseStart, parse_event, parse_exchange

KEPT_S = 30.0


class LoadWatch:
    """Follows a run's files. Any thread may ask."""

    def __init__(self, directory: Path, clock: SteadyClock | None = None) -> None:
        """Follow the run in that directory, whose files need not exist yet.

        `clock` has to be one that began with the load: the generator's own began then as well.
        """
        self.clock = clock or SteadyClock()
        self._requests = Tail(directory / f"{paths.REQUESTS}.gz")
        self._generator = Tail(directory / paths.GENERATOR)
        self._ended: deque[tuple[float, bool]] = deque()
        self._lock = threading.Lock()
        self._began = False
        self._in_flight: dict[int, int] = {}

    def has_begun(self) -> bool:
        """Return whether users arrive: the generator has started its first phase."""
        with self._lock:
            self._follow_generator()
            return self._began

    def in_flight(self) -> int:
        """Return how many requests had no answer yet when the generator last said so."""
        with self._lock:
            self._follow_generator()
            return sum(self._in_flight.values())

    def _follow_generator(self) -> None:
        for line in self._generator.lines():
            event = parse_event(line)
            self._began |= isinstance(event, PhaseStart)
            if isinstance(event, Beat):
                self._in_flight[event.worker] = event.in_flight

    def failed_share(self, seconds: float) -> float | None:
        """Return the share of failures among the requests that ended in the last seconds; None: no one.

        Without any request in that time nobody gets an answer, which is a failure of all of them.
        """
        now = self.clock.ms()
        with self._lock:
            for line in self._requests.lines():
                one = parse_exchange(line)
                self._ended.append((one.ended_ms, one.outcome in FAILED))
            while self._ended and self._ended[0][0] < now - KEPT_S * 1000:
                self._ended.popleft()
            recent = [failed for ended, failed in self._ended if ended >= now - seconds * 1000]
        return sum(recent) / len(recent) if recent else None
