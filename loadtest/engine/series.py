"""Runs one or two stacks repeatedly, and saves the combined result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from commandline.exit_codes import ExitCode
from loadtest.analysis import repeats, sequential, series_verdict
from loadtest.analysis.margins import Margins
from loadtest.analysis.repeats import RepeatedRun, RunSeries
from loadtest.analysis.sequential import Looks
from loadtest.analysis.slo import Slo
from loadtest.analysis.verdict import exit_code
from loadtest.engine.runner import RunResult
from loadtest.messages.message import msg
from loadtest.models import RunSummary, Verdict
from loadtest.runs import paths


@dataclass(frozen=True)
class CompletedSeries:
    """A finished (or interrupted) series."""

    series: RunSeries
    file: Path
    exit_code: int
    """The most severe of its stacks' codes: no verdict before broken before kept.

    No verdict, too, where it was to tell two stacks apart and did not.
    """
    cut_short: bool


@dataclass(frozen=True)
class Question:
    """What a series of two stacks is to tell: by which margins, and after which pairs somebody looks."""

    margins: Margins | None = None
    looks: Looks | None = None
    """None: the number of pairs is fixed, and nobody looks before the last."""

    @property
    def confidence(self) -> float | None:
        """The confidence of each interval; None for the usual one."""
        if self.looks is None:
            return None
        return sequential.confidence_at_each(self.looks, repeats.CONTRAST_CONFIDENCE)

    def is_decided_by(self, series: RunSeries) -> bool:
        """Return whether the series has told all, at one of the looks."""
        pairs = min(len(one.by_slot) for one in series.contrasts) if series.contrasts else 0
        return (
            self.looks is not None
            and pairs >= self.looks.first
            and repeats.all_decided(series.contrasts)
        )


def run(
    load: Mapping[str, Callable[[], RunResult]],
    repeat: int,
    *,
    base: Path,
    print_line: Callable[[str], None],
    slo: Slo | None = None,
    question: Question | None = None,
) -> CompletedSeries:
    """Run every stack of `load` (name to the function that loads it) `repeat` times.

    The series is saved after every run, so that it survives an error or Ctrl-C; an interrupted run
    ends it. With looks in the `question`, `repeat` is the most that it takes: it ends after the pair
    that tells.
    """
    asked = question or Question()
    progress = _Progress(list(load), repeat, base, slo, asked)
    cut_short = False
    series: RunSeries | None = None
    for number, (slot, stack) in enumerate(progress.planned, start=1):
        if number % len(load) == 1 and series is not None and asked.is_decided_by(series):
            break
        print_line(f"run {number} of {_most(len(progress.planned), asked)}: {stack}")
        summary = load[stack]().summary
        series = progress.add(slot, stack, summary)
        if cut_short := summary.interrupted:
            break
    if series is None:
        raise ValueError("a series needs at least one run")
    code = max(map(exit_code, progress.verdicts.values()))
    if asked.looks is not None:
        series = progress.conclude(series, told=asked.is_decided_by(series))
        code = code if series.decided else max(code, ExitCode.NO_VERDICT)
    return CompletedSeries(series, progress.file, code, cut_short)


def _most(planned: int, asked: Question) -> str:
    return f"{planned}" if asked.looks is None else f"at most {planned}"


class _Progress:
    """A series while it goes on: its runs so far, and its file."""

    def __init__(
        self, stacks: list[str], repeat: int, base: Path, slo: Slo | None, asked: Question
    ) -> None:
        self._stacks, self._slo, self._asked = stacks, slo, asked
        self._started = datetime.now(UTC)
        self._id = f"repeats-{self._started:%Y%m%dT%H%M%SZ}-{'-'.join(stacks)}"
        self._runs = list[RepeatedRun]()
        self._summaries: dict[str, list[RunSummary]] = {}
        self.planned = list(repeats.order(stacks, repeat))
        self.verdicts: dict[str, Verdict] = {}
        self.file = base / f"{self._id}.json"

    def add(self, slot: int, stack: str, summary: RunSummary) -> RunSeries:
        """Take in one run, and save what there is."""
        self._runs.append(repeats.record(slot, stack, summary))
        self._summaries.setdefault(stack, []).append(summary)
        self.verdicts[stack] = series_verdict.decide(self._summaries[stack], self._slo)
        # One run of each: its verdict is its own, and already shown.
        together = self.verdicts if len(self._runs) > len(self._stacks) else {}
        pooled, contrasts, said = repeats.pool(
            self._runs,
            self._stacks,
            together,
            margins=self._asked.margins,
            confidence=self._asked.confidence,
        )
        return self._save(
            RunSeries(
                id=self._id,
                started_at=self._started,
                profile=summary.profile.name,
                scenario=summary.scenario.name,
                planned=len(self.planned),
                runs=list(self._runs),
                pooled=pooled,
                contrasts=contrasts,
                summary=said,
            )
        )

    def conclude(self, series: RunSeries, *, told: bool) -> RunSeries:
        """Say whether the pairs sufficed."""
        pairs, most = self._runs[-1].slot, self.planned[-1][0]
        found = msg("series.told" if told else "series.not-told", pairs=pairs, most=most)
        update = {"decided": told, "summary": [*series.summary, found]}
        return self._save(series.model_copy(update=update))

    def _save(self, series: RunSeries) -> RunSeries:
        paths.write_text(self.file, series.model_dump_json(indent=2) + "\n")
        return series
