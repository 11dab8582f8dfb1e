"""Reads a run back from its files: its requests, its measurements and its summary.

There is one way from measurements to figures: through the files. The same code reads a run that
finished, one that was interrupted and one whose runner was killed; only the recorded ending differs.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from commandline import files
from loadtest import profiles
from loadtest.analysis import counting
from loadtest.analysis.columns import QUANTILES
from loadtest.analysis.measurements import ArtilleryReport, Measurements
from loadtest.analysis.summary import summarise
from loadtest.errors import ResultsError
from loadtest.messages.message import Message, msg
from loadtest.messages.names import free_text
from loadtest.models import SCHEMA_VERSION, RunSettings, RunSummary
from loadtest.runs import events, host, paths, probes, recording, stalls, table
from loadtest.runs.journal import Journal, locate
from loadtest.runs.recording import GeneratorEvent
from loadtest.runs.table import RequestTable

RUNNER_DIED = msg("cut.runner-died")


@dataclass(frozen=True)
class Ending:
    """How a run ended; `cut_reason` is None if it finished."""

    finished_at: datetime
    cut_reason: Message | None = None


def load_summary(path: Path) -> RunSummary:
    """Load a run's summary from its directory or from `run.json` itself.

    If the runner died before it could write one (killed, disk full), the summary is made from the
    run's other files, and its `cut_reason` says so.

    Raises:
        ResultsError: The file is missing, broken or of another version.
    """
    file = path / paths.SUMMARY if path.is_dir() else path
    if path.is_dir() and not file.exists() and (path / paths.SETTINGS).exists():
        return recover(path)
    try:
        content = files.parse_json(files.read_text(file), _reject)
        _require_version(file, content)
        return _with_outcome(_with_all_percentiles(file, RunSummary.model_validate(content)))
    except OSError as error:
        raise ResultsError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ResultsError(f"{file} is not a run's summary: {where}: {first['msg']}") from error
    except ValueError as error:
        # Also of numbers with too many digits and of too deep nesting.
        raise ResultsError(f"{file} is not JSON: {error}") from error


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number in JSON")


def _require_version(file: Path, content: Any) -> None:
    version = content.get("schema_version") if isinstance(content, dict) else None
    if version != SCHEMA_VERSION:
        raise ResultsError(
            f"{file} has schema version {version}, this program reads {SCHEMA_VERSION}; "
            "repeat the run"
        )


def _with_all_percentiles(file: Path, summary: RunSummary) -> RunSummary:
    """Reject a damaged file: a missing percentile would count as an objective that was broken."""
    for latency in (summary.latency, *(one.latency for one in summary.endpoints)):
        for found in (latency.answered, latency.censored):
            if found is not None and (missing := QUANTILES.keys() - found.keys()):
                raise ResultsError(
                    f"{file} is not a run's summary: latency lacks {', '.join(sorted(missing))}"
                )
    return summary


def _with_outcome(summary: RunSummary) -> RunSummary:
    """Tell runs that were too short from invalid ones, as older versions called both invalid."""
    verdict = summary.verdict
    if verdict.outcome != "invalid" or not summary.validity.valid:
        return summary
    undecided = verdict.model_copy(update={"outcome": "undecided"})
    return summary.model_copy(update={"verdict": undecided})


def require_all(directory: Path, count: int, summary: RunSummary) -> None:
    """Require that as many requests of a run were read as its summary counted.

    Raises:
        ResultsError: They are fewer, or more.
    """
    if count != summary.requests.total:
        raise ResultsError(
            f"{locate(directory, paths.REQUESTS) or directory / paths.REQUESTS} contains {count:,} "
            f"requests, but {paths.SUMMARY} counted {summary.requests.total:,}: the file is incomplete; "
            f"{_remedy(directory)}"
        )


def load_requests(directory: Path) -> RequestTable:
    """Load the requests of a saved run, classified by the run's own `slow_ms` and schedule.

    Raises:
        ResultsError: The requests cannot be read, or are not as many as `run.json` counted: a figure
            made from part of a run would pass for one of the whole.
    """
    path = locate(directory, paths.REQUESTS)
    if path is None:
        raise ResultsError(
            f"{directory} contains no {paths.REQUESTS}.gz; give the directory of a run"
        )
    known = any((directory / name).is_file() for name in (paths.SUMMARY, paths.SETTINGS))
    summary = load_summary(directory) if known else None
    requests, journal = table.read(path, summary.slow_ms if summary else None)
    if journal.damage:
        raise ResultsError(f"{journal.damage}; {_remedy(directory)}")
    if summary is None:
        return requests
    require_all(directory, len(requests), summary)
    planned = profiles.from_record(summary.profile)
    began_ms = summary.load_began_at.timestamp() * 1000
    if planned is None:
        return requests
    due_s = planned.schedule()
    if summary.users.skipped:
        due_s = profiles.let_in(due_s, (counting.arrivals_ms(requests) - began_ms) / 1000)
    return requests.scheduled(due_s, began_ms)


def _remedy(directory: Path) -> str:
    return f"`python -m loadtest recover {directory}` makes a run of what can be read"


def with_intervals(directory: Path, summary: RunSummary) -> RunSummary:
    """Add the intervals of percentiles to a run that was saved without them.

    Without its requests the run stays as it is: nothing shows how sure its percentiles are.
    """
    if summary.latency.intervals is not None:
        return summary
    try:
        rows = load_requests(directory)
    except ResultsError:
        return summary
    timeout_s = summary.scenario.timeout_s
    return summary.model_copy(
        update={
            "latency": counting.latency(rows, timeout_s),
            "endpoints": counting.endpoints(rows, timeout_s),
        }
    )


def load_settings(directory: Path) -> RunSettings:
    """Load what was decided before the run.

    Raises:
        ResultsError: The file is missing or broken.
    """
    file = directory / paths.SETTINGS
    try:
        content = files.parse_json(files.read_text(file), _reject)
        _require_version(file, content)
        return RunSettings.model_validate(content)
    except OSError as error:
        raise ResultsError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:  # of pydantic, JSON or UTF-8
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ResultsError(f"{file} is broken: {reason}") from error


def measure(directory: Path, ending: Ending) -> Measurements:
    """Collect all that a run's files contain, as far as they can be read; possibly nothing.

    A journal that is damaged in the middle counts up to the damage, and the run as cut short.
    """
    settings = load_settings(directory)
    requests = locate(directory, paths.REQUESTS)
    rows, cut_reason = table.from_exchanges(()), ending.cut_reason
    if requests is not None:
        rows, journal = table.read(requests, settings.slow_ms)
        if journal.damage:
            cut_reason = msg("cut.journal-damaged", error=free_text(journal.damage))
    probe_journal = locate(directory, paths.PROBES)
    stalled = locate(directory, paths.STALLS)
    host_journal, target = (locate(directory, name) for name in (paths.HOST, paths.TARGET))
    return Measurements(
        settings=settings,
        finished_at=ending.finished_at,
        cut_reason=cut_reason,
        requests=rows,
        generator=_generator_events(directory),
        probes=probes.read(probe_journal) if probe_journal else [],
        events=events.read(directory),
        host=host.read_host(host_journal) if host_journal else [],
        stalls=stalls.read(stalled) if stalled else None,
        target=host.read_target(target) if target else [],
        artillery=_artillery(directory) or _totals(directory),
    )


def recover(directory: Path) -> RunSummary:
    """Make the summary of a run that left none: never valid, but with all that was measured."""
    last_ms = max((one.at_ms for one in _generator_events(directory)), default=None)
    settings = load_settings(directory)
    finished = (
        settings.started_at if last_ms is None else datetime.fromtimestamp(last_ms / 1000, UTC)
    )
    return summarise(measure(directory, Ending(finished, RUNNER_DIED)))


def _generator_events(directory: Path) -> list[GeneratorEvent]:
    path = locate(directory, paths.GENERATOR)
    return list(recording.events(Journal(path))) if path else []


def _artillery(directory: Path) -> ArtilleryReport | None:
    """Return Artillery's own report of the run; None if it died before it wrote one."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        text = (directory / paths.ARTILLERY_REPORT).read_text(encoding="utf-8")
        content: dict[str, Any] = json.loads(text)
        return ArtilleryReport(
            aggregate=dict(content["aggregate"]),
            windows=[dict(window["counters"]) for window in content["intermediate"]],
        )
    return None


def _totals(directory: Path) -> ArtilleryReport | None:
    """Return the totals of a generator other than Artillery; None if it died before it wrote them."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        content = json.loads((directory / paths.TOTALS).read_text(encoding="utf-8"))
        return ArtilleryReport({"counters": dict(content["counters"])}, None)
    return None
