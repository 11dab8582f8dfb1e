"""The command `history`: list the saved runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import AwareDatetime
from rich.console import Console

from commandline.options import named
from loadtest.analysis import saved_runs
from loadtest.analysis.history_figures import LEAST_RUNS
from loadtest.analysis.saved_runs import Filter, SavedRun, UnreadableRun
from loadtest.cli import change_points as points
from loadtest.cli import output
from loadtest.cli.options import Json
from loadtest.formatting import NOTHING, percent
from loadtest.models import Percentile, Record
from loadtest.runs import paths


class HistoryRow(Record):
    """One saved run as `history --json` prints it."""

    id: str
    topology: str
    profile: str
    scenario: str
    started_at: AwareDatetime
    verdict: str
    users: int
    failed_users: int
    requests: int
    timeouts: int
    p99: Percentile | None
    app_versions: list[str]


class SkippedRun(Record):
    """A directory that contains no readable run."""

    directory: str
    reason: str


class History(Record):
    """What `history --json` prints."""

    schema_version: int = 1
    runs: list[HistoryRow]
    skipped: list[SkippedRun]


def history_command(
    topology: Annotated[
        Literal["single", "ha"] | None, typer.Option(help="Only this topology: single or ha.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Only this load profile.", parser=named("profile"), metavar="NAME"),
    ] = None,
    verdict: Annotated[
        Literal["kept", "broken", "undecided", "invalid", "measured"] | None,
        typer.Option(help="Only this verdict."),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            help="Only runs whose application version starts with this.",
            parser=named("version"),
            metavar="VERSION",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of runs, newest first.")] = 20,
    *,
    change_points: Annotated[
        bool,
        typer.Option(
            "--change-points",
            help=(
                "Instead of the list, show at which runs p50, p99, failed users or CPU per request "
                f"changed (Apache Otava; at least {LEAST_RUNS} runs under the same conditions)."
            ),
        ),
    ] = False,
    json: Json = False,
) -> int:
    """List the saved runs, newest first. An unreadable one is named and skipped.

    Examples:
    - `python -m loadtest history --change-points --topology ha --limit 100`
    - `python -m loadtest history`
    - `python -m loadtest history --topology ha --profile quick --verdict kept`
    """
    base = paths.base()
    wanted = Filter(topology=topology, profile=profile, verdict=verdict, version=version)
    kept, broken, more = _newest(base, wanted, limit)
    if change_points:
        points.show(kept, json=json)
        return 0
    listed = History(
        runs=[_history_row(run) for run in kept],
        skipped=[SkippedRun(directory=str(b.directory), reason=b.reason) for b in broken],
    )
    if json:
        output.show_json(Console(), listed)
    elif more:
        _show(listed, f"the newest {len(kept)} runs in {base}; --limit shows more")
    else:
        _show(listed, f"{len(kept)} of {len(kept)} runs in {base}")
    return 0


def _newest(
    base: Path, wanted: Filter, limit: int
) -> tuple[list[SavedRun], list[UnreadableRun], bool]:
    """Return the newest runs that are wanted, those beside them that are broken, and if there are more.

    Of thousands of runs, no more are read than it takes.
    """
    kept, broken = list[SavedRun](), list[UnreadableRun]()
    for run in saved_runs.runs(base):
        if isinstance(run, UnreadableRun):
            broken.append(run)
        elif wanted.accepts(run):
            if len(kept) == limit:
                return kept, broken, True
            kept.append(run)
    return kept, broken, False


def _show(listed: History, title: str) -> None:
    rows = [_history_cells(row) for row in listed.runs]
    columns = ("run", "topology", "profile", "verdict", "failed users", "p99 of all", "app version")
    # The run's id has topology and profile, too.
    output.show_table(Console(), title, columns, rows, ("app version", "topology", "profile"))
    output.show_lines(
        Console(stderr=True),
        *(f"skipped {Path(one.directory).name}: {one.reason}" for one in listed.skipped),
    )


def _history_row(run: SavedRun) -> HistoryRow:
    summary = run.summary
    censored = summary.latency.censored
    return HistoryRow(
        id=run.directory.name,
        topology=summary.topology,
        profile=summary.profile.name,
        scenario=summary.scenario.name,
        started_at=summary.started_at,
        verdict=summary.verdict.outcome,
        users=summary.users.created,
        failed_users=summary.users.failed,
        requests=summary.requests.total,
        timeouts=summary.requests.timeouts,
        p99=censored["p99"] if censored else None,
        app_versions=run.app_versions,
    )


def _history_cells(row: HistoryRow) -> list[str]:
    share = row.failed_users / row.users if row.users else 0.0
    failed = f"{row.failed_users:,} ({percent(share)})" if row.failed_users else "0"
    versions = ", ".join(version[:12] for version in row.app_versions) or NOTHING
    p99 = str(row.p99 or NOTHING)
    return [row.id, row.topology, row.profile, row.verdict, failed, p99, versions]
