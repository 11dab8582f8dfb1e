"""Runs one or two stacks repeatedly, and saves what the runs say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from loadtest.analysis import repeats, series_verdict
from loadtest.analysis.repeats import RepeatedRun, RunSeries
from loadtest.analysis.slo import Slo
from loadtest.analysis.verdict import exit_code
from loadtest.engine.runner import RunResult
from loadtest.models import RunSummary, Verdict
from loadtest.runs import paths


@dataclass(frozen=True)
class CompletedSeries:
    """A finished (or interrupted) series."""

    series: RunSeries
    file: Path
    exit_code: int
    """The most severe of its stacks' codes: no verdict before broken before kept."""
    cut_short: bool


def run(
    load: Mapping[str, Callable[[], RunResult]],
    repeat: int,
    *,
    base: Path,
    print_line: Callable[[str], None],
    slo: Slo | None = None,
) -> CompletedSeries:
    """Run every stack of `load` (name to the function that loads it) `repeat` times.

    The series is saved after every run, so that it survives an error or Ctrl-C; an interrupted run
    ends it.
    """
    stacks, started = list(load), datetime.now(UTC)
    identifier = f"repeats-{started:%Y%m%dT%H%M%SZ}-{'-'.join(stacks)}"
    planned = list(repeats.order(stacks, repeat))
    runs = list[RepeatedRun]()
    summaries: dict[str, list[RunSummary]] = {}
    verdicts: dict[str, Verdict] = {}
    series: RunSeries | None = None
    file = base / f"{identifier}.json"
    cut_short = False
    for number, (slot, stack) in enumerate(planned, start=1):
        print_line(f"run {number} of {len(planned)}: {stack}")
        summary = load[stack]().summary
        runs.append(repeats.record(slot, stack, summary))
        summaries.setdefault(stack, []).append(summary)
        verdicts[stack] = series_verdict.decide(summaries[stack], slo)
        cut_short = summary.interrupted
        series = _series(
            identifier,
            started,
            last=summary,
            planned=len(planned),
            runs=runs,
            stacks=stacks,
            verdicts=verdicts,
        )
        paths.write_text(file, series.model_dump_json(indent=2) + "\n")
        if cut_short:
            break
    if series is None:
        raise ValueError("a series needs at least one run")
    code = max(map(exit_code, verdicts.values()))
    return CompletedSeries(series, file, code, cut_short)


def _series(
    identifier: str,
    started: datetime,
    *,
    last: RunSummary,
    planned: int,
    runs: list[RepeatedRun],
    stacks: list[str],
    verdicts: Mapping[str, Verdict],
) -> RunSeries:
    # One run of each: its verdict is its own, and already shown.
    together = verdicts if len(runs) > len(stacks) else {}
    pooled, contrasts, summary = repeats.pool(runs, stacks, together)
    return RunSeries(
        id=identifier,
        started_at=started,
        profile=last.profile.name,
        scenario=last.scenario.name,
        planned=planned,
        runs=list(runs),
        pooled=pooled,
        contrasts=contrasts,
        summary=summary,
    )
