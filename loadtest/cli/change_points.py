"""What `history --change-points` shows: at which run a figure changed, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console

from loadtest.analysis import history_figures
from loadtest.analysis.history_figures import Figures
from loadtest.analysis.saved_runs import SavedRun
from loadtest.cli import output, tools
from loadtest.engine import otava
from loadtest.engine.otava import ChangePoint
from loadtest.formatting import NOTHING, line_printer
from loadtest.models import Record

OTHERS: Final = {"failed": "failed users", "cpu": "CPU per request"}


class Change(Record):
    """One change as `history --change-points --json` prints it."""

    run: str
    """The first run after it."""
    app_versions: list[str]
    previous_run: str
    previous_versions: list[str]
    figure: str
    unit: str
    before: float
    after: float
    change_percent: float | None
    """None where the figure was 0 before."""


class Changes(Record):
    """What `history --change-points --json` prints."""

    schema_version: int = 1
    runs: int
    left_out: int
    figures: list[str]
    changes: list[Change]


def show(found: Sequence[SavedRun], *, json: bool) -> None:
    """Print the change points along saved runs, the newest run first in `found`.

    Raises:
        LoadTestError: Otava is missing or failed, or there are too few runs.
    """
    command = tools.otava()
    figures = history_figures.collect(found)
    line_printer(Console(stderr=True))(
        f"Otava looks for change points in {len(figures.runs)} runs, about 10 s …"
    )
    times = [run.summary.started_at for run in figures.runs]
    points = otava.find(command, times, figures.columns)
    said = Changes(
        runs=len(figures.runs),
        left_out=figures.left_out,
        figures=list(figures.columns),
        changes=[_change(figures, point) for point in points],
    )
    console = Console()
    if json:
        output.show_json(console, said)
        return
    columns = ("run", "app version", "figure", "before", "after", "change")
    title = (
        f"change points: {len(said.changes)} in {said.runs} runs under the same conditions "
        f"({said.left_out} others left out); figures: {', '.join(map(_title, said.figures))}"
    )
    output.show_table(console, title, columns, [_cells(one) for one in said.changes])
    if not said.changes:
        output.show_lines(console, "No figure changed its level by more than runs scatter.")


def _change(figures: Figures, point: ChangePoint) -> Change:
    run, previous = figures.runs[point.number], figures.runs[point.number - 1]
    change = (point.after / point.before - 1) * 100 if point.before else None
    return Change(
        run=run.directory.name,
        app_versions=run.app_versions,
        previous_run=previous.directory.name,
        previous_versions=previous.app_versions,
        figure=point.figure,
        unit="%" if point.figure == "failed" else "ms",
        before=point.before,
        after=point.after,
        change_percent=change,
    )


def _cells(one: Change) -> list[str]:
    versions = ", ".join(version[:12] for version in one.app_versions) or NOTHING
    levels = [f"{value:,.2f} {one.unit}" for value in (one.before, one.after)]
    change = NOTHING if one.change_percent is None else f"{one.change_percent:+.0f} %"
    return [one.run, versions, _title(one.figure), *levels, change]


def _title(figure: str) -> str:
    return OTHERS.get(figure, f"{figure} of all")
