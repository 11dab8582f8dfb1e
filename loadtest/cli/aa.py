"""The command `aa`: load one stack repeatedly to see which differences this computer can detect."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from commandline.findings import Findings
from commandline.option_groups import with_groups
from loadtest.analysis import saved_runs, self_comparison
from loadtest.analysis.saved_runs import SavedRun
from loadtest.analysis.self_comparison import LEAST_PAIRS, SIDES, Scatter, SelfComparison
from loadtest.cli import output, tools
from loadtest.cli import run as run_cli
from loadtest.cli.judged_load import GeneratorName
from loadtest.cli.load_options import LoadOptions
from loadtest.cli.load_request import LoadRequest, asked
from loadtest.cli.options import RUN_HELP, Json, Outputs, Stack, looked_up
from loadtest.engine import series
from loadtest.engine.runner import LoadTest
from loadtest.engine.series import CompletedSeries
from loadtest.errors import OutputsError
from loadtest.formatting import NOTHING, line_printer, percent
from loadtest.runs import paths
from loadtest.stack.outputs import StackOutputs


@with_groups
def aa_command(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN…]", help=f"Saved runs instead of new ones, in order. {RUN_HELP}"
        ),
    ] = None,
    stack: Stack = None,
    outputs: Outputs = None,
    *,
    context: typer.Context,
    load: LoadOptions,
    generator: GeneratorName = None,
    pairs: Annotated[
        int, typer.Option(min=LEAST_PAIRS, max=49, help="Number of pairs of runs.")
    ] = LEAST_PAIRS,
    json: Json = False,
) -> int:
    """Load one stack in pairs of runs (A/A test) to see which differences can be detected here.

    Nothing differs within a pair, so every difference found is a false alarm. The output shows how much
    each figure scatters, which difference this many pairs detect with 90 % power, and how many pairs
    raised a false alarm. A pair with an invalid run is left out. Exit code 3: fewer than three pairs
    are left, or the series as a whole claims a difference.

    Examples:
    - `python -m loadtest aa --stack ha --profile quick --pairs 5`
    - `python -m loadtest aa --stack ha --ramp 5:60:10s --hold 20s`
    - `python -m loadtest aa 20261122T200438Z 20261122T201001Z 20261122T201530Z …`
    """
    console = Console(stderr=json)
    if runs:
        if stack or outputs:
            raise OutputsError("give saved runs, or a stack to load (--stack, --outputs); not both")
        return _show(self_comparison.analyze(_load(runs)), json=json)
    findings = Findings()
    found, sent_by = asked(findings, load, context, generator)
    target = looked_up(findings, stack, outputs)
    made = _run_pairs(target, found.value, sent_by.value, pairs, console)
    return _show_made(console, made, json=json)


def _run_pairs(
    target: StackOutputs, request: LoadRequest, generator: str, pairs: int, console: Console
) -> CompletedSeries:
    """Load a stack as if it were two, in turn."""
    command = tools.generator(generator)
    test = LoadTest(request.profile(target), command, generator, scenario=request.choice)
    load = partial(run_cli.load_stack, target, test=test, console=console)
    return series.run(
        dict.fromkeys(SIDES, load), pairs, base=paths.base(), print_line=line_printer(console)
    )


def _show_made(console: Console, made: CompletedSeries, *, json: bool) -> int:
    """Show the runs of a series and what its valid pairs say; return the exit code."""
    run_cli.show_runs(console, made.series)
    if made.cut_short:
        return ExitCode.INTERRUPTED
    valid, reasons = self_comparison.valid_pairs(_saved(made))
    output.show_lines(console, *(f"a pair is left out: {why}" for why in reasons))
    return _show(self_comparison.analyze(valid), json=json)


def _saved(made: CompletedSeries) -> list[SavedRun]:
    """Return the series' runs, those of a slot next to each other: the first side first."""
    ordered = sorted(made.series.runs, key=lambda run: (run.slot, SIDES.index(run.stack)))
    return _load([run.run for run in ordered])


def _load(names: Sequence[str]) -> list[SavedRun]:
    return [saved_runs.load(paths.base(), name) for name in names]


def _show(found: SelfComparison, *, json: bool) -> int:
    console = Console()
    if json:
        output.show_json(console, found)
    else:
        numbers = list(found.scatter[0].detectable)
        columns = (
            "",
            "mean",
            "lowest",
            "highest",
            "within a pair",
            *(f"{n} pairs" for n in numbers),
        )
        title = (
            f"{found.topology} against itself: {len(found.pairs)} pairs, profile {found.profile}"
        )
        output.show_table(console, title, columns, [_cells(one) for one in found.scatter])
        output.show_lines(console, " ".join(map(str, found.summary)))
    return ExitCode.SUCCESS if found.trustworthy else ExitCode.NO_VERDICT


def _cells(one: Scatter) -> list[str]:
    """Return a row: figures, then the standard deviation of a pair and what can be told."""
    share = one.unit == "share"
    figures = [one.mean, one.lowest, one.highest]
    shown = [percent(value) if share else f"{value:,.1f} ms" for value in figures]
    unit = "pp" if share else "%"
    told = [
        NOTHING if least is None else f"± {least * 100:.{2 if share else 0}f} {unit}"
        for least in one.detectable.values()
    ]
    spread = f"{one.spread * 100:.{2 if share else 1}f} {unit}"
    return [str(one.metric), *shown, spread, *told]
