"""What users experience right now: follows the requests of a running load."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

import numpy as np

from commandline.steady_clock import SteadyClock
from loadtest.array_types import Times
from loadtest.outcomes import FAILED
from loadtest.runs import paths
from loadtest.runs.journal import Tail
from loadtest.runs.recording import Beat, PhaseStart, parse_event, parse_exchange

KEPT_S = 30.0


class LoadWatch:
    """Follows a run's files. Any thread may ask."""

    def __init__(
        self, directory: Path, clock: SteadyClock | None = None, planned_s: Times | None = None
    ) -> None:
        """Follow the run in that directory, whose files need not exist yet.

        `clock` has to be one that began with the load: the generator's own began then as well. `planned_s`
        are the planned arrivals, in seconds after the load began.
        """
        self.clock = clock or SteadyClock()
        self._planned_s = planned_s
        self._requests = Tail(directory / f"{paths.REQUESTS}.gz")
        self._generator = Tail(directory / paths.GENERATOR)
        self._ended: deque[tuple[float, bool]] = deque()
        self._lock = threading.Lock()
        self._began_ms: float | None = None
        self._beats: dict[int, Beat] = {}

    def has_begun(self) -> bool:
        """Return whether users arrive: the generator has started its first phase."""
        with self._lock:
            self._follow_generator()
            return self._began_ms is not None

    def in_flight(self) -> int:
        """Return how many requests had no answer yet when the generator last said so."""
        with self._lock:
            self._follow_generator()
            return sum(one.in_flight for one in self._beats.values())

    def late_s(self) -> float:
        """Return how late users arrived when the generator last counted them; 0 if that is not known.

        When everybody whom a fault let wait is answered at once, the generator falls behind, and catches
        up with more users a second than are planned.
        """
        with self._lock:
            self._follow_generator()
            if self._planned_s is None or self._began_ms is None or not self._beats:
                return 0.0
            arrived = sum(one.users for one in self._beats.values())
            so_far_s = (min(one.at_ms for one in self._beats.values()) - self._began_ms) / 1000
        due = int(np.searchsorted(self._planned_s, so_far_s))
        return so_far_s - float(self._planned_s[arrived]) if arrived < due else 0.0

    def _follow_generator(self) -> None:
        for line in self._generator.lines():
            event = parse_event(line)
            if isinstance(event, PhaseStart) and self._began_ms is None:
                self._began_ms = event.at_ms
            if isinstance(event, Beat):
                self._beats[event.worker] = event

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
