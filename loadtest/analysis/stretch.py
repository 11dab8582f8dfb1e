"""A stretch of a load as a run of its own: what each of several experiments under one load gets.

What was recorded from its beginning to its end is copied, so that every reader of runs reads it, and the
computer is judged for these seconds alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from loadtest.analysis import run_loading
from loadtest.analysis.measurements import STOPPED
from loadtest.analysis.run_loading import Ending
from loadtest.analysis.summary import summarise
from loadtest.errors import ResultsError
from loadtest.messages.message import msg
from loadtest.models import RunSummary
from loadtest.profiles import Profile
from loadtest.runs import host, journal, paths, probes, recording, stalls
from loadtest.runs.journal import Journal, locate

AROUND_MS = 3000
"""Counters of CPU time are copied from so much earlier until so much later: they are interpolated."""


def cut(run: Path, target: Path, load: Profile, *, began_ms: float, ended_ms: float) -> RunSummary:
    """Copy what a load run recorded between two times (epoch ms) into a run's directory of its own.

    `load` is what visitors did in that time. Returns the summary, which is saved as well.

    Raises:
        ResultsError: A file cannot be read or written.
    """

    def during(at_ms: float) -> bool:
        return began_ms <= at_ms < ended_ms

    def around(at_ms: float) -> bool:
        return began_ms - AROUND_MS <= at_ms < ended_ms + AROUND_MS

    settings = run_loading.load_settings(run).model_copy(
        update={"id": target.name, "started_at": _time(began_ms), "profile": load.record()}
    )
    paths.write_text(target / paths.SETTINGS, settings.model_dump_json(indent=2) + "\n")
    phase = {"event": "phase", "at": began_ms, "index": 0, "name": load.phases[0].name}
    try:
        for name in (paths.SCRIPT, paths.OUTPUTS):
            shutil.copyfile(run / name, target / name)
        _copy(run, target, paths.REQUESTS, lambda line: during(_start_ms(line)))
        _copy(run, target, paths.PROBES, lambda line: during(probes.parse_probe(line).at_ms))
        _copy(run, target, paths.HOST, lambda line: around(host.parse_host(line).at_ms))
        _copy(run, target, paths.STALLS, lambda line: around(stalls.parse(line).from_ms))
        _copy(run, target, paths.TARGET, lambda line: around(host.parse_target(line).at_ms))
        _copy(run, target, paths.GENERATOR, lambda line: _generated(line, during), phase)
    except OSError as error:
        raise ResultsError(f"cannot copy a part of {run} to {target}: {error.strerror}") from error
    ending = Ending(_time(ended_ms), msg(STOPPED))
    summary = summarise(run_loading.measure(target, ending))
    paths.save_summary(target, summary)
    return summary


def _start_ms(line: str) -> float:
    return recording.parse_exchange(line).start_ms


def _generated(line: str, during: Callable[[float], bool]) -> bool:
    """Return whether a line about the generator belongs to it; phases have a line of their own."""
    event = recording.parse_event(line)
    return during(event.at_ms) and not isinstance(event, recording.PhaseStart)


def _copy(
    run: Path,
    target: Path,
    name: str,
    wanted: Callable[[str], bool],
    first: Mapping[str, object] | None = None,
) -> None:
    """Copy the wanted lines of a journal, after `first` if that is given."""
    source = locate(run, name)
    lines = [] if first is None else [json.dumps(first)]
    if source is not None:
        lines += _readable(Journal(source), wanted)
    if lines:
        journal.append(target / f"{name}.gz", "\n".join(lines) + "\n")


def _readable(lines: Journal, wanted: Callable[[str], bool]) -> Iterator[str]:
    """Yield the wanted lines as far as they can be read, like every reader of a run."""
    for line in lines:
        try:
            if wanted(line):
                yield line
        except ValueError as error:
            lines.stop(str(error))
            return


def _time(at_ms: float) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
