"""The command `compare`: show what changed from one saved run to another."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from loadtest.analysis import baselines, group_comparison, saved_runs
from loadtest.analysis.margins import ChangeOutcome
from loadtest.analysis.run_comparison import Comparison
from loadtest.analysis.saved_runs import SavedRun
from loadtest.cli import output
from loadtest.cli.judged_load import SloFile
from loadtest.cli.optional_value import NO_VALUE
from loadtest.cli.options import RUN_HELP, Json, MarginOptions, read_margins
from loadtest.errors import LoadTestError
from loadtest.reporting import comparison
from loadtest.reporting.texts import Texts
from loadtest.runs import paths

BASELINE_OPTION = "--to-baseline"
EXIT_CODES: dict[ChangeOutcome, ExitCode] = {
    "better": ExitCode.SUCCESS,
    "equivalent": ExitCode.SUCCESS,
    "worse": ExitCode.BROKEN_PROMISE,
    "inconclusive": ExitCode.NO_VERDICT,
}


def compare_command(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="RUN_A RUN_B | [RUN…]", help=RUN_HELP)
    ] = None,
    *,
    to_baseline: Annotated[
        str | None,
        typer.Option(
            BASELINE_OPTION,
            metavar="[NAME]",
            help="Compare RUN… (by default, the stack's latest run) with a named baseline.",
        ),
    ] = None,
    by_endpoint: Annotated[
        bool, typer.Option("--by-endpoint", help="Also compare every endpoint.")
    ] = False,
    confidence: Annotated[
        float,
        typer.Option(min=50, max=99.99, help="Confidence level of the whole table, in percent."),
    ] = 95.0,
    margin: MarginOptions = None,
    slo_file: SloFile = None,
    language: Annotated[
        Literal["en", "ko"], typer.Option("--lang", help="Language of the table: en or ko.")
    ] = "en",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    json: Json = False,
) -> int:
    """Show what changed from one saved run to another, and how sure that is.

    Each figure is better, worse, equivalent (its whole interval lies within the margin) or
    inconclusive. Runs under different conditions are rejected (exit code 3); the message names each
    difference. With `--to-baseline` the outcome is the exit code: 0 for better or equivalent, 2 if any
    figure is worse, 3 if any is inconclusive.

    Examples:
    - `python -m loadtest compare --to-baseline`
    - `python -m loadtest compare latest-ha --to-baseline main --margin 5%`
    - `python -m loadtest compare 20261122T200438Z latest-ha --by-endpoint`
    - `python -m loadtest compare RUN_A RUN_B --margin p99=5% --margin failed-users=0.1pp`
    - `python -m loadtest compare RUN_A RUN_B --markdown --lang ko`
    """
    if math.isnan(confidence):  # typer's range lets it pass
        raise LoadTestError("a confidence of nan % means nothing; give 50 to 99.99")
    margins = read_margins(slo_file, margin)
    name, a, b = _sides(runs or [], to_baseline)
    compared = group_comparison.compare(
        a, b, by_endpoint=by_endpoint, confidence=confidence / 100, margins=margins
    ).model_copy(update={"baseline": name})
    show(compared, Texts(language), json=json, markdown=markdown)
    return ExitCode.SUCCESS if name is None else EXIT_CODES[compared.outcome]


def _sides(
    runs: list[str], to_baseline: str | None
) -> tuple[str | None, list[SavedRun], list[SavedRun]]:
    """Return the baseline's name, if one is meant, and the runs to compare with and to compare."""
    base = paths.base()
    if to_baseline is None:
        if len(runs) != 2:
            raise LoadTestError(
                f"compare takes two runs, not {len(runs)}; or compare any number with a baseline: "
                f"`python -m loadtest compare RUN… {BASELINE_OPTION} NAME`"
            )
        a, b = saved_runs.given_once(saved_runs.load(base, run) for run in runs)
        return None, [a], [b]
    wanted = None if to_baseline == NO_VALUE else to_baseline
    name, baseline = baselines.choose(baselines.file(), wanted)
    before = baselines.runs(name, baseline, base)
    later = runs or [f"{saved_runs.LATEST}{baseline.topology}"]
    after = saved_runs.given_once(saved_runs.load(base, run) for run in later)
    known = {run.identity for run in before}
    if own := [run.summary.id for run in after if run.identity in known]:
        raise LoadTestError(
            f"{', '.join(own)} is part of baseline {name!r} itself; make another run, then compare that"
        )
    return name, before, after


def show(compared: Comparison, texts: Texts, *, json: bool, markdown: bool) -> None:
    """Print a comparison: as JSON, as Markdown or as a table."""
    console = Console()
    if json:
        output.show_json(console, compared)
        return
    if markdown:
        output.print_json(console, comparison.render_markdown(compared, texts).rstrip())
        return
    output.show_lines(console, *comparison.sides(compared, texts))
    rows = [comparison.cells(change, texts) for change in compared.changes]
    title = comparison.title(compared, texts)
    output.show_table(console, title, comparison.columns(texts), rows)
    output.show_lines(console, *comparison.conclusions(compared, texts))
