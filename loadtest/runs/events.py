"""Events at the target (faults, deployments) while it is under load, on the load's own clock.

Whoever causes a fault or starts a deployment appends a line to the run's `events.ndjson`:

    {"at": 1790000012345.6, "kind": "fault", "name": "terminate i-0a", "until": null, "detail": ""}

`at` and `until` are epoch milliseconds of the machine that runs the load; `kind` is a word of the
writer's choice (`fault`, `deployment`); `until` and `detail` are optional.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.errors import ResultsError
from loadtest.models import EventRecord
from loadtest.runs import paths
from loadtest.runs.journal import Journal, locate


@dataclass(frozen=True)
class Event:
    """Something that happened at the target; times in epoch ms."""

    kind: str
    name: str
    at_ms: float
    until_ms: float | None = None
    detail: str = ""


def append(directory: Path, event: Event) -> None:
    """Append an event to a run's `events.ndjson`.

    Raises:
        ResultsError: It cannot be written.
    """
    line = {
        "at": event.at_ms,
        "kind": event.kind,
        "name": event.name,
        "until": event.until_ms,
        "detail": event.detail,
    }
    path = directory / paths.EVENTS
    try:
        # One write in append mode: lines of several writers stay whole.
        with path.open("ab", buffering=0) as file:
            file.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror}") from error


def read(directory: Path) -> list[Event]:
    """Return the events of a run ordered by time; none if nobody recorded any.

    An unfinished last line is skipped.

    Raises:
        ResultsError: Any other line is not an event; the message names the line.
    """
    path = locate(directory, paths.EVENTS)
    if path is None:
        return []
    journal = Journal(path)
    found = [_event(line, journal) for line in journal]
    if journal.damage:
        raise ResultsError(journal.damage)
    return sorted(found, key=lambda event: event.at_ms)


def _event(line: str, journal: Journal) -> Event:
    try:
        raw: dict[str, Any] = json.loads(line)
        until = raw.get("until")
        return Event(
            kind=str(raw["kind"]),
            name=str(raw["name"]),
            at_ms=float(raw["at"]),
            until_ms=None if until is None else float(until),
            detail=str(raw.get("detail") or ""),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ResultsError(
            f"{journal.path}, line {journal.lines}: not an event ({error!r}); give it `at` in epoch "
            "ms, `kind` and `name`"
        ) from error


def records(events: list[Event], began_ms: float) -> list[EventRecord]:
    """Convert events to the load's clock: seconds after the first phase began."""
    return [
        EventRecord(
            kind=event.kind,
            name=event.name,
            at_s=_seconds(event.at_ms, began_ms),
            until_s=None if event.until_ms is None else _seconds(event.until_ms, began_ms),
            detail=event.detail,
        )
        for event in events
    ]


def _seconds(at_ms: float, began_ms: float) -> float:
    return round((at_ms - began_ms) / 1000, 3)
