"""The lines recorded during a run: one per HTTP exchange, and some about the load generator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from loadtest.outcomes import Outcome, classify
from loadtest.runs.journal import Journal


class Exchange(NamedTuple):
    """One HTTP request and its result. Times of day in epoch ms, durations in ms."""

    user: str
    endpoint: str
    arrived_ms: float
    """When the virtual user was started."""
    start_ms: float
    ttfb_ms: float | None
    """From the request's start (so including connection setup) to the first byte of the response."""
    total_ms: float
    status: int | None
    expected: bool | None
    error: str | None
    sent: bool
    """Whether Artillery counted it as a request; False if it failed before that."""
    instance: str | None
    zone: str | None
    version: str | None

    @property
    def outcome(self) -> Outcome:
        """The class that this exchange counts in, however long it took."""
        return self.outcome_within(None)

    def outcome_within(self, slow_ms: float | None) -> Outcome:
        """Return the class, with slow answers apart: those whose first byte took longer than this."""
        late = slow_ms is not None and self.ttfb_ms is not None and self.ttfb_ms > slow_ms
        return classify(self.status, self.expected, self.error, late=late)

    @property
    def ended_ms(self) -> float:
        """When the response was complete or the request abandoned."""
        return self.start_ms + self.total_ms


def parse_exchange(line: str) -> Exchange:
    """Parse one line of `requests.ndjson`.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        raw: dict[str, Any] = json.loads(line)
        return Exchange(
            str(raw["vu"]),
            str(raw["endpoint"]),
            float(raw["arrived"]),
            float(raw["start"]),
            None if raw["ttfb"] is None else float(raw["ttfb"]),
            float(raw["total"]),
            raw["status"],
            raw["expected"],
            raw["error"],
            bool(raw["sent"]),
            raw.get("instance"),
            raw.get("zone"),
            raw.get("version"),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a line of the recorder: {error!r}") from error


@dataclass(frozen=True)
class Beat:
    """The state of one Artillery worker thread, once per second."""

    at_ms: float
    worker: int
    users: int
    in_flight: int
    lag_p99_ms: float
    """How late its timers fired: 99th percentile and maximum of that second."""
    lag_max_ms: float
    busy: float
    """Share of the second in which its event loop was busy, 0 to 1."""


@dataclass(frozen=True)
class PhaseStart:
    """When Artillery started a phase."""

    at_ms: float
    index: int
    name: str


@dataclass(frozen=True)
class WorkerError:
    """An error that one of Artillery's worker threads reported."""

    at_ms: float
    message: str


@dataclass(frozen=True)
class Usage:
    """What the generator's process tree has used since its start."""

    at_ms: float
    cpu_seconds: float
    rss_bytes: int


GeneratorEvent = Beat | PhaseStart | WorkerError | Usage


def parse_event(line: str) -> GeneratorEvent:
    """Parse one line of `generator.ndjson`.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        raw: dict[str, Any] = json.loads(line)
        match raw["event"]:
            case "beat":
                return Beat(
                    float(raw["at"]),
                    int(raw["worker"]),
                    int(raw["users"]),
                    int(raw["in_flight"]),
                    float(raw["lag_p99"]),
                    float(raw["lag_max"]),
                    float(raw["busy"]),
                )
            case "phase":
                name = raw["name"] or f"phase {raw['index'] + 1}"
                return PhaseStart(float(raw["at"]), int(raw["index"]), str(name))
            case "error":
                return WorkerError(float(raw["at"]), str(raw["message"]))
            case "usage":
                return Usage(float(raw["at"]), float(raw["cpu_s"]), int(raw["rss"]))
            case other:
                raise ValueError(f"unknown event {other!r}")
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a line of the recorder: {error!r}") from error


def events(journal: Journal) -> Iterator[GeneratorEvent]:
    """Yield the events of a journal as far as it can be read; `journal.damage` says why it ends."""
    for line in journal:
        try:
            one = parse_event(line)
        except ValueError as error:
            journal.stop(str(error))
            return
        yield one


def exchanges(journal: Journal) -> Iterator[Exchange]:
    """Yield the requests of a journal as far as it can be read; `journal.damage` says why it ends."""
    for line in journal:
        try:
            one = parse_exchange(line)
        except ValueError as error:
            journal.stop(str(error))
            return
        yield one
