"""Merges the workers' records into the files of one run while they run, line by line and unchanged."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loadtest.engine.workers import shares
from loadtest.engine.workers.silence import Silence
from loadtest.profiles import Profile
from loadtest.runs import journal, paths
from loadtest.runs.recording import exchanges

INTERVAL_S: Final = 0.2


class Collector:
    """Follows the files of each worker and appends their lines to those of the run."""

    def __init__(
        self,
        directory: Path,
        profile: Profile,
        workers: Sequence[Path],
        complain: Callable[[str], None],
        silence: Silence | None = None,
    ) -> None:
        """Prepare to collect.

        Args:
            directory: Where the run's files are.
            profile: The whole load, whose phases are noted as the first worker begins them.
            workers: The workers' directories.
            complain: Takes the reason why nothing can be collected any more.
            silence: Is told who was heard, and tells who no longer is.
        """
        self._requests = directory / f"{paths.REQUESTS}.gz"
        self._generator = directory / paths.GENERATOR
        self._complain, self._silence = complain, silence
        self._names = [one.name for one in workers]
        self._tails = [journal.Tail(one / f"{paths.REQUESTS}.gz") for one in workers]
        self._events = [journal.Tail(one / paths.GENERATOR) for one in workers]
        self._phases = {
            first: (number, phase.name)
            for number, (first, phase) in enumerate(
                zip(shares.first_phases(profile), profile.phases, strict=True)
            )
        }
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)

    def start(self) -> None:
        """Start collecting."""
        self._thread.start()

    def close(self) -> None:
        """Collect what is left; idempotent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(INTERVAL_S + 30)

    def _run(self) -> None:
        try:
            while not self._stop.wait(INTERVAL_S):
                self._collect()
            self._collect()
        except OSError as error:
            self._complain(f"cannot write {error.filename or self._requests}: {error.strerror}")
        except ValueError as error:
            self._complain(f"a worker recorded something unreadable: {error}")

    def _collect(self) -> None:
        lines = [line for tail in self._tails for line in tail.lines()]
        if lines:
            journal.append(self._requests, "".join(f"{line}\n" for line in lines))
        events = [
            event
            for number, tail in enumerate(self._events)
            for line in self._heard(number, tail.lines())
            if (event := self._event(json.loads(line), first=number == 0)) is not None
        ]
        if events:
            # One write in append mode, like everybody who writes there: lines stay whole.
            with self._generator.open("ab", buffering=0) as file:
                file.write("".join(f"{json.dumps(one)}\n" for one in events).encode())
        self._notice_silence()

    def _heard(self, worker: int, lines: list[str]) -> list[str]:
        if lines and self._silence:
            self._silence.heard(worker)
        return lines

    def _notice_silence(self) -> None:
        if self._silence and (silent := self._silence.found()) is not None:
            seconds = self._silence.silent_s
            self._complain(
                f"{self._names[silent]} hangs: nothing was heard of it for {seconds:g} s"
            )

    def _event(self, event: dict[str, Any], *, first: bool) -> dict[str, Any] | None:
        """Return an event as one of the run; None if it only concerns a worker's share."""
        if event.get("event") != "phase":
            return event
        if not first or event["index"] not in self._phases:
            return None
        number, name = self._phases[event["index"]]
        return {**event, "index": number, "name": name}


def totals(workers: Sequence[Path]) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Return what all workers counted together, and each for itself; nothing of one that left no report."""
    each = [counters(one) for one in workers]
    together = Counter[str]()
    for one in each:
        together.update(one)
    return dict(together), each


def sent(worker: Path) -> int:
    """Return how many requests a worker recorded that it sent, as far as its file can be read."""
    found = journal.locate(worker, paths.REQUESTS)
    return 0 if found is None else sum(one.sent for one in exchanges(journal.Journal(found)))


def counters(worker: Path) -> dict[str, int]:
    """Return what a worker's Artillery counted; empty if it left no report."""
    try:
        report = json.loads((worker / paths.ARTILLERY_REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found: Mapping[str, int] = report["aggregate"].get("counters") or {}
    return dict(found)
