"""Reads a run's files back and makes its summary of them.

There is one way from measurements to figures: through the files. A run that ended well, one that was
interrupted and one whose program was killed are read by the same code; they differ in what is said
of their end.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadtest.analysis.summary import Artillery, Measurements, summarise
from loadtest.engine import probe
from loadtest.errors import ResultsError
from loadtest.models import RunSettings, RunSummary
from loadtest.runs import events, paths, recording, table
from loadtest.runs.journal import Journal, append, locate
from loadtest.runs.recording import GeneratorEvent

UNTOLD = "the program that ran the load was ended before it could write the run down"


@dataclass(frozen=True)
class Ending:
    """How a run ended; `cut_reason` is None if it went to its end."""

    finished_at: datetime
    cut_reason: str | None = None


def measure(directory: Path, ending: Ending) -> Measurements:
    """All that a run's files hold, as far as they can be read; nothing, if it ended before that.

    A journal that is broken in its middle counts up to there, and the run as cut short.
    """
    settings = load_settings(directory)
    requests = locate(directory, paths.REQUESTS)
    rows, damage = table.from_exchanges(()), None
    if requests is not None:
        rows, journal = table.read(requests, settings.slow_ms)
        damage = journal.damage
    happened = _events(directory)
    probes = locate(directory, paths.PROBES)
    return Measurements(
        settings=settings,
        finished_at=ending.finished_at,
        cut_reason=damage or ending.cut_reason,
        requests=rows,
        generator=happened,
        probes=probe.read(probes) if probes else [],
        events=events.read(directory),
        artillery=_artillery(directory),
    )


def recover(directory: Path) -> RunSummary:
    """The summary of a run that left none. It is never valid, but all that was measured is in it."""
    happened = _events(directory)
    last_ms = max((one.at_ms for one in happened), default=None)
    settings = load_settings(directory)
    finished = (
        settings.started_at if last_ms is None else datetime.fromtimestamp(last_ms / 1000, UTC)
    )
    return summarise(measure(directory, Ending(finished, UNTOLD)))


def repair(directory: Path) -> RunSummary:
    """Makes a run of what can be read of a broken one, and writes that down.

    The files that it replaces stay beside it, as `….broken`. The run is never valid. Raises
    ResultsError if there is nothing to make a run of, or no room to write it.
    """
    summary = recover(directory)
    requests = locate(directory, paths.REQUESTS)
    if requests is None:
        raise ResultsError(f"{directory} holds no requests")
    journal = Journal(requests)
    lines = "".join(f"{line}\n" for line in _whole(journal))
    try:
        if journal.damage:
            requests.replace(requests.with_name(f"{requests.name}.broken"))
            append(directory / f"{paths.REQUESTS}.gz", lines)
        if (kept := directory / paths.SUMMARY).exists():
            kept.replace(kept.with_name(f"{kept.name}.broken"))
        (directory / paths.CREDENTIALS).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"cannot repair {directory}: {error.strerror}") from error
    paths.save_summary(directory, summary)
    return summary


def _whole(journal: Journal) -> Iterator[str]:
    """The lines that are requests, up to where the journal is broken."""
    for line in journal:
        try:
            recording.parse_exchange(line)
        except ValueError as error:
            journal.stop(str(error))
            return
        yield line


def load_settings(directory: Path) -> RunSettings:
    """What was decided before the run. Raises ResultsError if that cannot be read."""
    file = directory / paths.SETTINGS
    try:
        return RunSettings.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ResultsError(f"cannot read {file}: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ResultsError(f"{file} is broken: {reason}") from error


def _events(directory: Path) -> list[GeneratorEvent]:
    path = locate(directory, paths.GENERATOR)
    return list(recording.events(Journal(path))) if path else []


def _artillery(directory: Path) -> Artillery | None:
    """Artillery's own account of the run; None if it was ended before it wrote one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        text = (directory / paths.ARTILLERY_REPORT).read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        return Artillery(
            aggregate=dict(content["aggregate"]),
            windows=[dict(window["counters"]) for window in content["intermediate"]],
        )
    return None
