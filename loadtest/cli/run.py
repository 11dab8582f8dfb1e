"""The command `run`: load one stack, or two in turn."""

from __future__ import annotations

from functools import partial

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from commandline.findings import Checked, Findings
from commandline.option_groups import with_groups
from loadtest.analysis.repeats import RunSeries
from loadtest.analysis.sequential import Looks
from loadtest.analysis.slo import Slo
from loadtest.cli import output, tools
from loadtest.cli.fargate_options import (
    MAX_COST,
    DryRun,
    FargateFile,
    MaxCost,
    Place,
    Placement,
    PlannedRuns,
    WorkersOn,
    Yes,
    look_at_placement,
    place_workers,
)
from loadtest.cli.judged_load import GeneratorName, SloFile
from loadtest.cli.load_options import LoadOptions
from loadtest.cli.load_request import asked
from loadtest.cli.options import (
    Json,
    MarginOptions,
    WorkerCount,
    WorkerPrefix,
    choose_workers,
    read_margins,
    read_outputs,
    read_slo,
)
from loadtest.cli.series_options import (
    MaxPairs,
    OutputFiles,
    Repeat,
    Stacks,
    UntilDecided,
    looks_of,
    require_two,
)
from loadtest.engine import series
from loadtest.engine.fargate.settings import DEFAULT as FARGATE_FILE
from loadtest.engine.runner import LoadTest, RunResult, run_load
from loadtest.engine.series import CompletedSeries, Question
from loadtest.errors import OutputsError
from loadtest.experiments import scaling
from loadtest.formatting import NOTHING, line_printer, percent
from loadtest.generator_names import ARTILLERY
from loadtest.runs import paths
from loadtest.stack.clients import Clients
from loadtest.stack.outputs import StackOutputs


@with_groups
def run_command(
    stack: Stacks = None,
    outputs: OutputFiles = None,
    *,
    context: typer.Context,
    load: LoadOptions,
    generator: GeneratorName = None,
    workers: WorkerCount = None,
    worker_prefix: WorkerPrefix = "",
    workers_on: WorkersOn = Place.HERE,
    fargate: FargateFile = FARGATE_FILE,
    max_cost: MaxCost = MAX_COST,
    yes: Yes = False,
    dry_run: DryRun = False,
    repeat: Repeat = None,
    until_decided: UntilDecided = False,
    max_pairs: MaxPairs = 10,
    margin: MarginOptions = None,
    slo_file: SloFile = None,
    json: Json = False,
) -> int:
    """Load one stack, or two in turn.

    Examples:
    - `python -m loadtest run --stack ha --profile quick`
    - `python -m loadtest run --stack ha --ramp 5:125:300s --hold 60s`
    - `python -m loadtest run --stack ha --scenario ours.yml --pass-env TOKEN --slo our-slo.yml`
    - `python -m loadtest run --stack old --stack new --repeat-until-decided --margin 5%`
    - `pulumi stack output --json | python -m loadtest run --outputs - --generator k6`
    - `python -m loadtest run --stack ha --ramp 50:2000:10m --workers 8 --workers-on fargate --dry-run`
    """
    findings = Findings()
    looks = findings.of(looks_of, repeat, max_pairs, until_decided=until_decided)
    slo, margins = findings.of(read_slo, slo_file), findings.of(read_margins, slo_file, margin)
    found, sent_by = asked(findings, load, context, generator)
    split = findings.of(choose_workers, workers, worker_prefix)
    placement = Placement(workers_on, fargate, max_cost, yes, dry_run)
    look_at_placement(findings, placement, split.otherwise(None), sent_by.otherwise(ARTILLERY))
    targets = _targets(findings, stack or [], outputs or [], looks)
    request, sender = found.value, sent_by.value
    question = Question(margins.value, looks.value)
    console = Console(stderr=json)  # standard output then belongs to the program that reads it
    used = request.profile(targets[0])
    runs = looks.value.last if looks.value else repeat or 1
    planned = PlannedRuns(targets, used, request.scenario, runs * len(targets))
    shared = place_workers(placement, split.value, planned, console)
    command = tools.generator(sender)
    test = LoadTest(used, command, sender, shared, request.choice, slo.value)
    run_one = partial(load_stack, test=test, console=console)
    if (repeat or 1) == 1 and len(targets) == 1:
        return output.show_run(console, run_one(targets[0]), json=json)
    named = _named(stack or [], targets)
    made = _run_in_turn(console, run_one, named, runs, slo=slo.value, question=question)
    return _show_series(console, made, json=json)


def _targets(
    findings: Findings, stacks: list[str], files: list[str], looks: Checked[Looks | None]
) -> list[StackOutputs]:
    """Return the stacks to load; two of them where there are `looks` at their difference.

    Raises:
        UserError: They cannot be read, or `findings` has something; the message has all that is wrong.
    """
    if stacks:
        findings.report()  # Pulumi is not asked for what will not be loaded.
    read = findings.of(targets_of, stacks, files)
    findings.report()
    require_two(looks.value, read.value)
    return read.value


def targets_of(stacks: list[str], files: list[str]) -> list[StackOutputs]:
    """Return the outputs of the one or two stacks to load.

    Raises:
        OutputsError: None is named, more than two are, or one's outputs cannot be read.
    """
    if not 1 <= len(stacks) + len(files) <= 2:
        raise OutputsError(
            "name the stack: either --stack NAME or --outputs FILE (one of them, or two to "
            f"load them in turn), not {len(stacks) + len(files)} of them"
        )
    targets = [read_outputs(name, None) for name in stacks]
    return targets + [read_outputs(None, file) for file in files]


def load_stack(outputs: StackOutputs, *, test: LoadTest, console: Console) -> RunResult:
    """Put one stack under load once."""
    return run_load(
        outputs,
        test,
        console=console,
        after_load=scaling.recorder(outputs, Clients(outputs.region), line_printer(console)),
    )


def _named(stacks: list[str], targets: list[StackOutputs]) -> dict[str, StackOutputs]:
    """Name each target by its stack, else by its topology; two of one name get a letter."""
    names = [
        stacks[number] if number < len(stacks) else target.topology
        for number, target in enumerate(targets)
    ]
    if len(set(names)) < len(names):
        names = [f"{name}-{letter}" for name, letter in zip(names, "ab", strict=False)]
    return dict(zip(names, targets, strict=True))


def _run_in_turn(
    console: Console,
    load: partial[RunResult],
    targets: dict[str, StackOutputs],
    runs: int,
    *,
    slo: Slo | None,
    question: Question,
) -> CompletedSeries:
    """Load the stacks in turn."""
    return series.run(
        {name: partial(load, one) for name, one in targets.items()},
        runs,
        base=paths.base(),
        print_line=line_printer(console),
        slo=slo,
        question=question,
    )


def _show_series(console: Console, made: CompletedSeries, *, json: bool) -> int:
    """Print a series, to standard output if as JSON, and return the exit code for it."""
    if json:
        output.show_json(Console(), made.series)
    else:
        show_runs(console, made.series)
        line_printer(console)(f"results: {made.file}")
    return ExitCode.INTERRUPTED if made.cut_short else made.exit_code


def show_runs(console: Console, made: RunSeries) -> None:
    """Show every run of a series, then what they say together."""
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
        for run in made.runs
    ]
    title = f"{len(made.runs)} of {made.planned} runs, profile {made.profile}"
    output.show_table(console, title, columns, rows)
    output.show_lines(console, " ".join(map(str, made.summary)))
