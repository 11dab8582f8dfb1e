"""The commands about runs that are kept: `compare`, `history`; and how a series is shown."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import AwareDatetime
from rich.console import Console

from loadtest.analysis import archive
from loadtest.analysis.archive import Broken, Filter, Kept
from loadtest.analysis.changes import Change, Comparison
from loadtest.analysis.repeats import Series
from loadtest.cli import output
from loadtest.formatting import NOTHING, percent
from loadtest.models import Percentile, Record
from loadtest.runs import paths

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


class HistoryRow(Record):
    """One kept run, as `history --json` tells it."""

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
    """A directory that is no readable run."""

    directory: str
    reason: str


class History(Record):
    """What `history --json` prints."""

    schema_version: int = 1
    runs: list[HistoryRow]
    skipped: list[SkippedRun]


def history_command(
    stack: Annotated[
        str | None, typer.Option("--stack", help="Only this topology: single or ha.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Only this load profile.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only this verdict: kept, broken, invalid or measured.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Only where an application version begins like this.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    *,
    json: Json = False,
) -> int:
    """List the runs that are kept, the newest first. A broken one is named and skipped.

    Example: `python -m loadtest history --stack ha --profile quick --verdict kept`
    """
    base = paths.base()
    found = list(archive.runs(base))
    wanted = Filter(topology=stack, profile=profile, verdict=verdict, version=version)
    kept = [run for run in found if isinstance(run, Kept) and wanted.accepts(run)]
    broken = [run for run in found if isinstance(run, Broken)]
    listed = History(
        runs=[_history_row(run) for run in kept[:limit]],
        skipped=[SkippedRun(directory=str(b.directory), reason=b.reason) for b in broken],
    )
    if json:
        output.show_json(Console(), listed)
        return 0
    console = Console()
    rows = [_history_cells(row) for row in listed.runs]
    columns = ("run", "stack", "profile", "verdict", "failed users", "p99 of all", "app version")
    output.show_table(console, f"{len(rows)} of {len(kept)} runs in {base}", columns, rows)
    output.show_lines(
        Console(stderr=True),
        *(f"skipped {run.directory.name}: {run.reason}" for run in broken),
    )
    return 0


def _history_row(run: Kept) -> HistoryRow:
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


def compare_command(
    run_a: Annotated[
        str, typer.Argument(help="A run's id or its beginning, `latest-ha`, or a directory.")
    ],
    run_b: Annotated[str, typer.Argument(help="The run to hold against it.")],
    *,
    by_endpoint: Annotated[
        bool, typer.Option("--by-endpoint", help="Also compare every endpoint.")
    ] = False,
    confidence: Annotated[
        float, typer.Option(min=50, max=99.99, help="Per cent, for the table as a whole.")
    ] = 95.0,
    json: Json = False,
) -> int:
    """Say what changed from one kept run to another, and how sure that is.

    Refuses (exit code 3) where conditions differed, and names each of them.

    Example: `python -m loadtest compare 20261122T200438Z latest-ha --by-endpoint`
    """
    from loadtest.analysis import changes  # noqa: PLC0415  # scipy takes seconds to load

    base = paths.base()
    compared = changes.compare(
        archive.load(base, run_a),
        archive.load(base, run_b),
        by_endpoint=by_endpoint,
        confidence=confidence / 100,
    )
    console = Console()
    if json:
        output.show_json(console, compared)
        return 0
    _show_comparison(console, compared)
    return 0


def _show_comparison(console: Console, compared: Comparison) -> None:
    output.show_lines(
        console,
        *(
            f"{name}: {run.id} ({run.topology}, version {', '.join(run.app_versions) or 'unknown'})"
            for name, run in (("A", compared.a), ("B", compared.b))
        ),
    )
    columns = ("", "A", "B", "B − A", "interval", "B is")
    rows = [change_cells(change) for change in compared.changes]
    title = f"What changed ({compared.confidence * 100:g} % confidence for the whole table)"
    output.show_table(console, title, columns, rows)
    output.show_lines(console, compared.sentence, compared.note)


def change_cells(change: Change) -> list[str]:
    """One row of the comparison as a reader sees it."""
    a = _figure(change, change.a, at_least=change.a_at_least)
    b = _figure(change, change.b, at_least=change.b_at_least)
    return [change.metric, a, b, _difference(change), _interval(change), change.finding]


def _figure(change: Change, value: float | None, *, at_least: bool) -> str:
    if value is None:
        return NOTHING
    if change.unit == "share":
        return percent(value)
    return str(Percentile(value_ms=value, at_least=at_least))


def _difference(change: Change) -> str:
    if change.difference is None:
        return NOTHING
    text = _signed(change, change.difference)
    if change.a_at_least or change.b_at_least:
        return f"{'≤' if change.a_at_least else '≥'} {text}"
    if change.unit == "ms" and change.a:
        text += f" ({change.difference / change.a * 100:+.0f} %)"
    return text


def _interval(change: Change) -> str:
    match change.low, change.high:
        case None, None:
            return "not known"
        case None, float(high):
            return f"at most {_signed(change, high)}"
        case float(low), None:
            return f"at least {_signed(change, low)}"
        case low, high:
            return f"{_signed(change, low or 0)} to {_signed(change, high or 0)}"


def _signed(change: Change, value: float) -> str:
    if change.unit == "ms":
        return f"{value:+,.{1 if abs(value) < 100 else 0}f} ms"
    points = value * 100
    # Differences of rare failures live in the third digit.
    return f"{points:+.{1 if abs(points) >= 1 else 3}f} pp"


def show_series(console: Console, series: Series) -> None:
    """Every run of a series, then what they say together."""
    columns = ("slot", "stack", "run", "verdict", "failed users", "p99 of all")
    rows = [
        [
            str(run.slot),
            run.stack,
            run.run,
            run.outcome,
            f"{run.failed_users:,} ({percent(run.failed_share)})" if run.failed_users else "0",
            str(run.p99 or NOTHING),
        ]
        for run in series.runs
    ]
    title = f"{len(series.runs)} of {series.planned} runs, profile {series.profile}"
    output.show_table(console, title, columns, rows)
    output.show_lines(console, series.sentence)
