"""`python -m loadtest`: release a stack's revision, put it under load, compare two stacks."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, cast

import typer
from rich.console import Console

from loadtest.analysis import bottleneck, reading
from loadtest.analysis.repair import repair
from loadtest.analysis.verdict import exit_code
from loadtest.cli import gate, history
from loadtest.cli import output as cli_output
from loadtest.cli.gate import SloFile
from loadtest.cli.history import Json
from loadtest.cli.post_up import post_up
from loadtest.engine import series
from loadtest.engine.runner import INTERRUPTED, RunResult, run_load
from loadtest.errors import EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED, LoadTestError, OutputsError
from loadtest.formatting import line_printer
from loadtest.profiles import PROFILES, Profile, profile_named
from loadtest.reporting import conditions, findings, report
from loadtest.runs import paths
from loadtest.stack import outputs as stack_outputs
from loadtest.stack import release
from loadtest.stack.outputs import StackOutputs

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "Releases the application to a stack, puts it under load and says what its users met.\n\n"
        "Exit codes: **0** promise kept, **2** broken, **3** the run is not valid, **4** something "
        "around it failed, **130** interrupted.\n\n"
        "- `python -m loadtest release --stack ha`\n"
        "- `python -m loadtest run --stack ha --profile quick`\n"
        "- `pulumi stack output --json | python -m loadtest run --outputs -`\n"
        "- `python -m loadtest run --stack single --stack ha --repeat 3`\n"
        "- `python -m loadtest report`\n"
        "- `python -m loadtest history --stack ha`\n"
        "- `python -m loadtest compare RUN_A RUN_B`\n"
        "- `python -m loadtest gate --slo our-slo.yml`\n"
        "- `python -m loadtest plan --slo 99.9 --confidence 95 --rate 250`"
    ),
)

USAGE_ERROR = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
"""Wrong options and commands; of the command line library's errors only this subclass is public."""

Stack = Annotated[
    str | None, typer.Option(help="Read the outputs of this Pulumi stack, for instance `ha`.")
]
Outputs = Annotated[
    str | None, typer.Option(help="Read the outputs from this JSON file; `-` is standard input.")
]


def _outputs(stack: str | None, outputs: str | None) -> StackOutputs:
    if stack and not outputs:
        return stack_outputs.from_stack(stack)
    if outputs and not stack:
        return stack_outputs.from_file(outputs)
    raise OutputsError("name the stack: either --stack NAME or --outputs FILE (one of them)")


@app.command("release")
def release_command(
    stack: Stack = None,
    outputs: Outputs = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Deploy even what is already there.")
    ] = False,
) -> int:
    """Deploy the stack's revision by CodeDeploy and wait until every instance serves it.

    Example: `python -m loadtest release --stack ha --force`
    """
    say = line_printer(Console())
    done = release.release(_outputs(stack, outputs), say, force=force)
    how = f"deployment {done.deployment_id}" if done.deployment_id else "nothing to deploy"
    where = f"{len(done.instances)} instances in {done.seconds:.0f} s"
    say(f"released {done.digest[:12]} to {where} ({how})")
    return 0


@app.command("run")
def run_command(
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", help="Pulumi stack to load; give two to load them in turn."),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option("--outputs", help="JSON file of a stack's outputs instead; `-` is stdin."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help=f"How much load: {', '.join(PROFILES)}. The stack's own setting by default."
        ),
    ] = None,
    *,
    scenario: Annotated[
        str, typer.Option(help="What a user does: a built-in scenario or an Artillery script.")
    ] = "login",
    repeat: Annotated[
        int, typer.Option(min=1, max=99, help="So many runs of each stack: A B B A A B …")
    ] = 1,
    slo_file: SloFile = None,
    json: Json = False,
) -> int:
    """Put one stack, or two in turn, under load.

    Examples: `python -m loadtest run --stack ha --profile quick`,
    `python -m loadtest run --stack single --stack ha --repeat 3`
    """
    promise = gate.read_slo(slo_file)
    arms = [_outputs(name, None) for name in stack or []]
    arms += [_outputs(None, file) for file in outputs or []]
    if not 1 <= len(arms) <= 2:
        raise OutputsError(
            "name the stack: either --stack NAME or --outputs FILE (one of them, or two in all to "
            f"load them in turn), not {len(arms)} of them"
        )
    chosen = _profile(profile, arms[0])
    # With --json, standard output is the program's that reads it.
    console = Console(stderr=json)

    def load(arm: StackOutputs) -> RunResult:
        return run_load(arm, chosen, console=console, scenario=scenario, slo=promise)

    if repeat == 1 and len(arms) == 1:
        return _finish(console, load(arms[0]), json=json)
    names = stack or []
    names = [names[i] if i < len(names) else arms[i].topology for i in range(len(arms))]
    if len(set(names)) < len(names):
        names = [f"{name}-{letter}" for name, letter in zip(names, "ab", strict=False)]
    made = series.make(
        {name: partial(load, arm) for name, arm in zip(names, arms, strict=True)},
        repeat,
        base=paths.base(),
        say=line_printer(console),
    )
    if json:
        cli_output.show_json(Console(), made.series)
    else:
        history.show_series(console, made.series)
        line_printer(console)(f"results: {made.file}")
    return EXIT_INTERRUPTED if made.cut_short else made.exit_code


def _profile(name: str | None, outputs: StackOutputs) -> Profile:
    wanted = name or outputs.load_profile
    return profile_named("quick" if wanted == "none" else wanted)


def _finish(console: Console, result: RunResult, *, json: bool = False) -> int:
    if json:
        cli_output.show_json(Console(), result.summary)
    else:
        report.show(console, report.render_run(result.summary))
        line_printer(console)(f"results: {result.directory}")
    if result.summary.cut_reason == INTERRUPTED:
        return EXIT_INTERRUPTED
    return exit_code(result.summary.verdict)


app.command("compare")(history.compare_command)
app.command("history")(history.history_command)
app.command("gate")(gate.gate_command)
app.command("plan")(gate.plan_command)


@app.command("report")
def report_command(
    single: Annotated[
        Path | None, typer.Option(help="Directory of the single run; the latest by default.")
    ] = None,
    ha: Annotated[
        Path | None, typer.Option(help="Directory of the HA run; the latest by default.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write the files; `results/report` by default.")
    ] = None,
    condition_file: Annotated[
        Path | None,
        typer.Option("--conditions", help="JSON list of {name, single, ha, published, note}."),
    ] = None,
    language: Annotated[
        str, typer.Option("--lang", help="Language of report.html, report.md and the card: en, ko.")
    ] = "en",
    *,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of report.json, and stop.")
    ] = False,
) -> int:
    """Compare a single run with an HA run: a table here, and files for people and programs.

    - `report.html`: one page with charts; `report.ko.html` or `report.en.html`: the same in the
      other language
    - `report.json`: all figures, as `docs/report.schema.json` says
    - `report.junit.xml`: a test case per objective and validity check, for CI
    - `report.md`: for a pull request; also added to `$GITHUB_STEP_SUMMARY` where that is set
    - `report.svg`: a card for a README or a blog post

    Examples:
    - `python -m loadtest report --output results/report --lang ko`
    - `python -m loadtest report --schema > docs/report.schema.json`
    """
    if schema:
        typer.echo(report.schema(), nl=False)
        return 0
    base = paths.base()
    extra = conditions.read(condition_file) if condition_file else None
    written = report.write_report(
        single or paths.latest(base, "single"),
        ha or paths.latest(base, "ha"),
        output or base / "report",
        extra,
        report.language(language),
    )
    console = Console()
    report.show(console, report.render_terminal(written.report))
    line_printer(console)(f"report: {written.html}")
    return written.report.headline.exit_code


@app.command("recover")
def recover_command(
    directory: Annotated[Path, typer.Argument(help="Directory of the run.")],
) -> int:
    """Make a run of what can be read of a broken one: killed, disk full, file damaged.

    Example: `python -m loadtest recover results/20261122T202139Z-ha-quick`
    """
    console = Console()
    return _finish(console, RunResult(directory, repair(directory)))


@app.command("bottleneck")
def bottleneck_command(
    run: Annotated[Path, typer.Argument(help="The run's directory, as `run` prints it.")],
) -> int:
    """Name the endpoint that holds a saved run up, or say that none stands out.

    Example: `python -m loadtest bottleneck results/20261122T210000Z-ha-quick`
    """
    report.show(Console(), findings.render(bottleneck.find(reading.load_requests(run))))
    return 0


@app.command("post-up")
def post_up_command(slo_file: SloFile = None) -> int:
    """Release, then load, as the stack's `loadProfile` says. Reads the outputs on standard input.

    The exit code is the gate: a broken promise fails `pulumi up`. LOADTEST_SLO names the promise.

    Example: `pulumi stack output --json | python -m loadtest post-up`
    """
    console = Console()
    promise = gate.read_slo(slo_file)
    result = post_up(stack_outputs.from_file("-"), console, promise)
    return _finish(console, result) if result else 0


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(app(arguments, standalone_mode=False, prog_name="python -m loadtest") or 0)
    except LoadTestError as error:
        _complain(str(error))
        return error.exit_code
    except USAGE_ERROR as error:
        # Not its own exit code 2, which here means a broken promise.
        error.show()
        return EXIT_INFRASTRUCTURE
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        return EXIT_INTERRUPTED


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _complain(message: str) -> None:
    Console(stderr=True).print(
        f"loadtest: {message}", markup=False, highlight=False, soft_wrap=True
    )
