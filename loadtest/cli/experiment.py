"""The commands `experiment list`, `show` and `run`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from commandline.findings import Findings
from commandline.options import named
from loadtest.cli import output, tools
from loadtest.cli.load_options import EnvironmentName, PassEnv
from loadtest.cli.options import Json, Outputs, Stack, looked_up
from loadtest.errors import ExperimentError
from loadtest.experiments import blast_radius, files, load, repetition, robust_engine, runner
from loadtest.experiments.execution import Result
from loadtest.experiments.models import ExperimentFile, ExperimentRecord
from loadtest.experiments.runner import Settings
from loadtest.formatting import line_printer
from loadtest.profiles import profile_named
from loadtest.runs import paths
from loadtest.scenario.scenario import Choice, require_exported
from loadtest.scenario.scenario import load as load_scenario
from loadtest.stack.clients import endpoint, is_local
from loadtest.stack.outputs import StackOutputs

app = typer.Typer(
    no_args_is_help=True,
    help="""Make something fail in a stack under load, and show whether its users notice.

    Examples:
    - `python -m loadtest experiment list`
    - `python -m loadtest experiment run instance-dies --stack ha --dry-run`
    """,
)

Name = Annotated[str, typer.Argument(help="An experiment's name, or a path to its file.")]
Names = Annotated[
    list[str],
    typer.Argument(
        metavar="NAME…",
        help="Experiment names or paths to their files; several run under one load.",
    ),
]
FisRole = Annotated[
    str | None,
    typer.Option(
        help="ARN of the role for AWS FIS, for the experiments that need it on AWS.",
        parser=named("role"),
        metavar="ARN",
    ),
]
StopAlarm = Annotated[
    list[str] | None,
    typer.Option(
        help="A CloudWatch alarm that ends the experiment at once (also as an AWS FIS stop condition); may "
        "be given up to five times.",
        parser=named("alarm"),
        metavar="NAME",
    ),
]
Repeat = Annotated[
    int,
    typer.Option(
        min=1,
        help="Repeat all of them this many times under one load, and report how often each was survived.",
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Before each experiment, scale a group that has grown back to this many instances; by "
        "default, leave it alone.",
    ),
]


@app.command("list")
def list_command() -> None:
    """List the experiments that come with the load test.

    Example: `python -m loadtest experiment list`
    """
    found = [files.find(name) for name in files.names()]
    rows = [[one.name, ", ".join(one.hypothesis.applies_to), one.title] for one in found]
    output.show_table(Console(), f"{len(rows)} experiments", ("name", "stacks", ""), rows)


@app.command("show")
def show_command(name: Name) -> None:
    """Show what an experiment does, what must hold, and which policies make it hold.

    Example: `python -m loadtest experiment show instance-dies`
    """
    one = files.find(name)
    hypothesis = one.hypothesis
    lines = [
        f"{one.name}: {one.title}",
        one.description,
        f"must hold for: {', '.join(hypothesis.applies_to)}",
        f"because of: {', '.join(one.because) or 'no policy'}",
        blast_radius.allowance(hypothesis),
        *(f"then: {step['name']}" for step in one.raw.get("method") or []),
        *(f"at the end: {step['name']}" for step in one.raw.get("rollbacks") or []),
    ]
    output.show_lines(Console(), *lines)


@app.command("run")
def run_command(
    names: Names,
    stack: Stack = None,
    outputs: Outputs = None,
    *,
    profile: Annotated[
        str | None, typer.Option(help="Load at the peak rate of this profile; by default, `quick`.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Users per second, instead of --profile.")
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="What a user does: a built-in scenario or an Artillery script.")
    ] = "login",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would happen, and to what.")
    ] = False,
    environment: EnvironmentName = None,
    pass_env: PassEnv = None,
    fis_role: FisRole = None,
    stop_alarm: StopAlarm = None,
    instances: Size = None,
    repeat: Repeat = 1,
    yes: Annotated[
        bool, typer.Option("--yes", help="On AWS: do not ask for confirmation.")
    ] = False,
    json: Json = False,
) -> int:
    """Run experiments on a stack under load, restore everything, and report whether it survived.

    Several experiments run one after the other under one load, each once the steady state is back. On AWS
    itself, it shows the price and what it will act on, and asks for confirmation unless --yes is given.

    Exit codes: 0 survived, 2 one not survived, 3 inconclusive, 4 any other failure, 130 interrupted.

    Examples:
    - `python -m loadtest experiment run instance-dies --stack ha`
    - `python -m loadtest experiment run instance-dies zone-lost-refused --stack ha`
    - `python -m loadtest experiment run zone-lost-silent --stack ha --dry-run`
    - `python -m loadtest experiment run deployment-good --stack ha --repeat 10`
    - `python -m loadtest experiment run ours.yaml --outputs outputs.json --rate 40`
    - `python -m loadtest experiment run zone-lost-silent --stack ha --stop-alarm checkout-fails`
    """
    console, alarms = Console(stderr=json), tuple(stop_alarm or ())
    choice = Choice(scenario, environment, frozenset(pass_env or ()))
    experiments, peak, target = _looked_at(names, profile, choice, stack, outputs)
    for one in experiments:
        output.show_lines(Console(stderr=True), *_of_other_packs(one))
    settings = Settings([], paths.base(), rate or peak, choice, fis_role, alarms, instances)
    if dry_run or not is_local(endpoint()):
        _tell_plans(experiments, target, settings, console)
        if repeat > 1:
            output.show_lines(console, f"all of that {repeat} times")
        if dry_run:
            return ExitCode.SUCCESS
        if not yes:
            _ask()
    settings = replace(settings, command=tools.artillery())
    return _carried_out(experiments * repeat, target, settings, console, json=json)


def _looked_at(
    names: Sequence[str],
    profile: str | None,
    choice: Choice,
    stack: str | None,
    outputs: str | None,
) -> tuple[list[ExperimentFile], int, StackOutputs]:
    """Return the experiments, the profile's peak and the stack.

    Raises:
        UserError: Some of it is wrong; the message has all that is.
    """
    findings = Findings()
    found = [findings.of(files.find, name) for name in names]
    peak = findings.of(_peak_of, profile)
    findings.of(require_exported, sorted(choice.pass_env))
    findings.of(load_scenario, choice=choice)
    target = looked_up(findings, stack, outputs)
    return [one.value for one in found], peak.value, target


def _tell_plans(
    experiments: Sequence[ExperimentFile],
    target: StackOutputs,
    settings: Settings,
    console: Console,
) -> None:
    """Tell what each of them would do, to what, and at which price."""
    account = runner.account(target)
    for one in experiments:
        planned = runner.plan(one, target, settings.fis_role, settings.stop_alarms)
        lines = blast_radius.describe(
            one,
            target,
            planned,
            settings.rate,
            account=account,
            stop_alarms=settings.stop_alarms,
        )
        output.show_lines(console, *lines)


def _carried_out(
    experiments: Sequence[ExperimentFile],
    target: StackOutputs,
    settings: Settings,
    console: Console,
    *,
    json: bool,
) -> int:
    """Run experiments, show what came of them, and return the exit code."""
    # What other people's functions print is not part of the JSON document.
    aside = contextlib.redirect_stdout(sys.stderr) if json else contextlib.nullcontext()
    try:
        with aside:
            results = _run(experiments, target, settings, line_printer(console))
    except KeyboardInterrupt:
        robust_engine.leave(ExitCode.INTERRUPTED)
        raise
    for result in results:
        _show(result, console, json=json)
    output.show_lines(console, *map(str, repetition.sentences(one.record for one in results)))
    code = _exit_code(results)
    robust_engine.leave(code)
    return code


def _of_other_packs(experiment: ExperimentFile) -> list[str]:
    """Say which policies of `because` nothing here knows."""
    names = files.unknown_policies(experiment.because)
    said = f"{experiment.name}: `because` names {', '.join(names)}, which this policy pack does not have"
    return [said] if names else []


def _run(
    experiments: Sequence[ExperimentFile],
    target: StackOutputs,
    settings: Settings,
    tell: Callable[[str], None],
) -> Sequence[Result]:
    """Run one by itself, or several one after the other under one load."""
    if len(experiments) == 1:
        return [runner.run(experiments[0], target, settings, tell)]
    return runner.run_all(experiments, target, settings, tell)


def _peak_of(profile: str | None) -> int:
    """Return the peak of a profile in users per second; the usual rate without one."""
    return load.USUAL_RATE if profile is None else profile_named(profile).peak_rate


def _show(result: Result, console: Console, *, json: bool) -> None:
    if json:
        output.show_json(Console(), result.record)
    else:
        output.show_lines(console, *_summary(result.record), f"results: {result.directory}")


def _ask() -> None:
    """Ask whether it may be done on AWS.

    Raises:
        ExperimentError: It may not, or nobody is there to ask.
    """
    if not typer.confirm("Do this on AWS, now?", default=False):
        raise ExperimentError(
            "nothing was done, because it was not confirmed (`--yes` confirms in scripts)"
        )


def _exit_code(results: Sequence[Result]) -> int:
    """Return the exit code of experiments together: the worst."""
    if any(one.interrupted for one in results):
        return ExitCode.INTERRUPTED
    outcomes = {one.record.outcome for one in results}
    if "not survived" in outcomes:
        return ExitCode.BROKEN_PROMISE
    return ExitCode.SUCCESS if outcomes == {"survived"} else ExitCode.NO_VERDICT


def _summary(record: ExperimentRecord) -> list[str]:
    lines = [f"{record.experiment}: {record.outcome}", *(f"  {one}" for one in record.reasons)]
    found = record.impact
    if found is not None:
        lines.append(
            f"  users: {found.failed:,} of {found.requests:,} requests failed "
            f"({found.failed_in_window:,} of {found.requests_in_window:,} in the window), "
            f"{found.failed_users:,} users"
        )
    if (recovery := record.recovery_measured_s) is not None:
        lines.append(f"  steady state back after {recovery:.1f} s; target {record.recovery_s:g} s")
    lines += [f"  put back: {one}" for one in record.reverted]
    if not record.left:
        lines += [
            f"  the way back {one.name!r} failed: {one.error}; see to it by hand"
            for one in record.actions
            if one.rollback and not one.succeeded
        ]
    lines += [f"  {key}: {value}" for key, value in record.notes.items()]
    if record.left:
        lines += [f"  {one}" for one in record.left]
        lines.append("  `python -m loadtest recover-faults` tries again")
    return lines
