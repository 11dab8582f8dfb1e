"""The availability probes of a run: read from their journal, counted, and searched for outages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.models import Outage, ProbeRecord, ProbeSettings
from loadtest.outcomes import Outcome, classify
from loadtest.runs.journal import Journal


@dataclass(frozen=True)
class Probe:
    """One probe and its result.

    Attributes:
        at_ms: When it started, in epoch ms.
        total_ms: How long it took.
        status: The HTTP status; None without an answer.
        error: The error code, named as Artillery names it; None with an answer.
    """

    at_ms: float
    total_ms: float
    status: int | None
    error: str | None

    @property
    def outcome(self) -> Outcome:
        """The class that it counts in, the same as for requests of the load."""
        expected = self.status is not None and 200 <= self.status < 400
        return classify(self.status, expected, self.error)

    def to_line(self) -> str:
        """Format it as a line of the journal."""
        line = {
            "at": round(self.at_ms, 3),
            "total": round(self.total_ms, 3),
            "status": self.status,
            "error": self.error,
        }
        return json.dumps(line) + "\n"


def parse_probe(line: str) -> Probe:
    """Parse one line of the journal.

    Raises:
        ValueError: The text is anything else.
    """
    try:
        raw: dict[str, Any] = json.loads(line)
        return Probe(float(raw["at"]), float(raw["total"]), raw["status"], raw["error"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a line of the probe: {error!r}") from error


def read(path: Path) -> list[Probe]:
    """Return the probes of a journal, ordered by start, as far as it can be read."""
    return sorted(_probes(Journal(path)), key=lambda probe: probe.at_ms)


def _probes(lines: Journal) -> Iterator[Probe]:
    for line in lines:
        try:
            yield parse_probe(line)
        except ValueError as error:
            lines.stop(str(error))
            return


def summarise(
    probes: list[Probe], settings: ProbeSettings, began_ms: float, ended_ms: float
) -> ProbeRecord:
    """Count the probes that started within that time (epoch ms), and find the outages."""
    counted = [probe for probe in probes if began_ms <= probe.at_ms <= ended_ms]
    outcomes = [probe.outcome for probe in counted]
    return ProbeRecord(
        **settings.model_dump(),
        sent=len(counted),
        outcomes={outcome: outcomes.count(outcome) for outcome in Outcome},
        outages=list(_outages(counted, began_ms)),
    )


def _outages(probes: list[Probe], began_ms: float) -> Iterator[Outage]:
    since: float | None = None
    for probe in probes:
        good = probe.outcome is Outcome.GOOD
        if good and since is not None:
            yield _outage(since, probe.at_ms, began_ms)
            since = None
        elif not good and since is None:
            since = probe.at_ms
    if since is not None:
        last = probes[-1]
        yield _outage(since, last.at_ms + last.total_ms, began_ms)


def _outage(since_ms: float, until_ms: float, began_ms: float) -> Outage:
    return Outage(
        start_s=round((since_ms - began_ms) / 1000, 3),
        duration_s=round((until_ms - since_ms) / 1000, 3),
    )
