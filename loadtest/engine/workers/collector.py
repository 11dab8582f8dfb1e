"""Merges the workers' records into the files of one run while they run, line by line and unchanged."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadtest.engine.workers import shares
from loadtest.engine.workers.silence import Silence
from loadtest.profiles import Profile
from loadtest.runs import journal, paths
from loadtest.runs.recording import Exchange, exchanges

INTERVAL_S: Final = 0.2
PATIENCE_S: Final = 30.0
"""For so long the end waits until all is collected."""


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
            self._thread.join(INTERVAL_S + PATIENCE_S)
            if self._thread.is_alive():
                self._complain(
                    f"the workers' records were not collected within {PATIENCE_S:g} s of the end"
                )

    def _run(self) -> None:
        try:
            while not self._stop.wait(INTERVAL_S):
                self._collect()
            self._collect()
        except OSError as error:
            self._complain(f"cannot write {error.filename or self._requests}: {error.strerror}")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # JSON of another form is as unreadable as none: nobody else would say so.
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


@dataclass(frozen=True)
class Recorded:
    """What a worker's file of requests says, as far as it can be read."""

    sent: int
    """Requests that it counted, too."""
    users: frozenset[str]
    twice: str | None
    """The endpoint of a request that it recorded twice; None without one."""


def recorded(worker: Path) -> Recorded:
    """Read what a worker recorded, after its end."""
    found, seen = journal.locate(worker, paths.REQUESTS), set[Exchange]()
    sent, users, twice = 0, set[str](), None
    for one in exchanges(journal.Journal(found)) if found else ():
        if one in seen:
            twice = one.endpoint
        seen.add(one)
        users.add(one.user)
        sent += one.sent
    return Recorded(sent, frozenset(users), twice)


def counters(worker: Path) -> dict[str, int]:
    """Return what a worker's Artillery counted; empty if it left no report, or a damaged one."""
    try:
        report = json.loads((worker / paths.ARTILLERY_REPORT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    try:
        found = report["aggregate"]["counters"]
        return {str(name): int(count) for name, count in found.items()}
    except (LookupError, TypeError, ValueError, AttributeError):
        return {}
