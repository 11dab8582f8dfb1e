"""Prints what happens, one line per fact, as `loadtest/engine/generators/recorder.py` reads it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any


def micro(ms: float) -> float:
    """Round to microseconds."""
    return round(ms, 3)


def complain(message: str) -> None:
    """Tell the load test why the run cannot continue; it stops it."""
    print(f"haproof: {message}", file=sys.stderr, flush=True)


class Report:
    """What is printed, and what is counted. Everything in it runs in Locust's one thread."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lines: list[str] = []
        # A clock that nobody turns back.
        self._origin = time.time() * 1000 - time.perf_counter() * 1000  # noqa: TID251
        self.counters: Counter[str] = Counter()
        """By the names that Artillery's report uses."""

    def now_ms(self) -> float:
        """Return the time of day in epoch ms."""
        return self._origin + time.perf_counter() * 1000

    def began(self, at_ms: float) -> None:
        """Say when the first phase begins."""
        self._lines.append(f"began {micro(at_ms)}\n")

    def arrived(self, late_ms: float) -> None:
        """Say that a visitor arrived, so many ms late."""
        self.counters["vusers.created"] += 1
        self._lines.append(f"a {micro(max(0.0, late_ms))}\n")

    def left(self, *, completed: bool) -> None:
        """Say that a visitor left, after everything or not."""
        self.counters["vusers.completed" if completed else "vusers.failed"] += 1
        self._lines.append(f"e {int(completed)}\n")

    def exchange(self, line: Mapping[str, Any]) -> None:
        """Say how a request ended."""
        self.counters["http.requests"] += 1
        if line["status"] is not None:
            self.counters[f"http.codes.{line['status']}"] += 1
        if line["error"] is not None:
            self.counters[f"errors.{line['error']}"] += 1
        self._lines.append(f"{json.dumps(line)}\n")

    def flush(self) -> None:
        """Print what has come together."""
        if self._lines:
            data, self._lines = memoryview("".join(self._lines).encode()), []
            while data:
                data = data[os.write(sys.stdout.fileno(), data) :]

    def finish(self) -> None:
        """Print what is left, and write the totals."""
        self.flush()
        with open("totals.json", "w", encoding="utf-8") as file:  # noqa: PTH123 - as Locust does
            json.dump({"counters": dict(self.counters)}, file)
