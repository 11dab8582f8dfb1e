"""The command `compare`: show what changed from one saved run to another."""

from __future__ import annotations

import math
from typing import Annotated

import typer
from rich.console import Console

from loadtest.analysis import run_comparison, saved_runs
from loadtest.analysis.run_comparison import Change, Comparison
from loadtest.cli import output
from loadtest.cli.options import Json, RunName
from loadtest.errors import LoadTestError
from loadtest.formatting import NOTHING, percent
from loadtest.messages.message import msg
from loadtest.models import Percentile
from loadtest.runs import paths

FINDINGS = {
    "better": msg("finding.better"),
    "worse": msg("finding.worse"),
    "no-difference": msg("finding.no-difference"),
    "undecided": msg("finding.undecided"),
}


def compare_command(
    run_a: RunName,
    run_b: Annotated[str, typer.Argument(help="The run to compare with it, named likewise.")],
    *,
    by_endpoint: Annotated[
        bool, typer.Option("--by-endpoint", help="Also compare every endpoint.")
    ] = False,
    confidence: Annotated[
        float, typer.Option(min=50, max=99.99, help="In percent, for the table as a whole.")
    ] = 95.0,
    json: Json = False,
) -> int:
    """Show what changed from one saved run to another, and how sure that is.

    Runs under different conditions are rejected (exit code 3); the message names each difference.

    Example: `python -m loadtest compare 20261122T200438Z latest-ha --by-endpoint`
    """
    if math.isnan(confidence):  # typer's range lets it pass
        raise LoadTestError("a confidence of nan % means nothing; give 50 to 99.99")
    base = paths.base()
    compared = run_comparison.compare(
        saved_runs.load(base, run_a),
        saved_runs.load(base, run_b),
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
    summary = " ".join(map(str, compared.summary))
    output.show_lines(console, summary, str(compared.note))


def change_cells(change: Change) -> list[str]:
    """Format one row of the comparison."""
    a = _figure(change, change.a, at_least=change.a_at_least)
    b = _figure(change, change.b, at_least=change.b_at_least)
    finding = FINDINGS[change.finding]
    return [str(change.metric), a, b, _difference(change), _interval(change), str(finding)]


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
