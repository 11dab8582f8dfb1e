"""`python -m loadtest`: release a stack's revision, put it under load, compare two stacks."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, cast

import typer
from rich.console import Console

from loadtest import bottleneck, conditions, findings, release, report, results, table
from loadtest import outputs as stack_outputs
from loadtest.errors import EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED, LoadTestError, OutputsError
from loadtest.outputs import StackOutputs
from loadtest.postup import post_up
from loadtest.profiles import PROFILES, profile_named
from loadtest.progress import plain_lines
from loadtest.runner import RunResult, run_load
from loadtest.verdict import exit_code

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
        "- `python -m loadtest report`"
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
    say = plain_lines(Console())
    done = release.release(_outputs(stack, outputs), say, force=force)
    how = f"deployment {done.deployment_id}" if done.deployment_id else "nothing to deploy"
    where = f"{len(done.instances)} instances in {done.seconds:.0f} s"
    say(f"released {done.digest[:12]} to {where} ({how})")
    return 0


@app.command("run")
def run_command(
    stack: Stack = None,
    outputs: Outputs = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help=f"How much load: {', '.join(PROFILES)}. The stack's own setting by default."
        ),
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="What a user does: a built-in scenario or an Artillery script.")
    ] = "login",
) -> int:
    """Put one stack under load.

    Example: `python -m loadtest run --stack ha --profile quick`
    """
    known = _outputs(stack, outputs)
    name = profile or known.load_profile
    chosen = profile_named("quick" if name == "none" else name)
    console = Console()
    result = run_load(known, chosen, console=console, scenario=scenario)
    return _finish(console, result)


def _finish(console: Console, result: RunResult) -> int:
    report.show(console, report.render_run(result.summary))
    plain_lines(console)(f"results: {result.directory}")
    if result.summary.cut_short:
        return EXIT_INTERRUPTED
    return exit_code(result.summary.verdict)


@app.command("report")
def report_command(
    single: Annotated[
        Path | None, typer.Option(help="Directory of the single run; the latest by default.")
    ] = None,
    ha: Annotated[
        Path | None, typer.Option(help="Directory of the HA run; the latest by default.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Where to write report.html and report.json.")
    ] = None,
    condition_file: Annotated[
        Path | None,
        typer.Option("--conditions", help="JSON list of {name, single, ha, published, note}."),
    ] = None,
) -> int:
    """Compare a single run with an HA run: a table here, an HTML page and JSON on disk.

    Example: `python -m loadtest report --output results/report`
    """
    base = results.base()
    extra = conditions.read(condition_file) if condition_file else None
    written = report.write_report(
        single or results.latest(base, "single"),
        ha or results.latest(base, "ha"),
        output or base / "report",
        extra,
    )
    console = Console()
    report.show(console, report.render_terminal(written.report))
    plain_lines(console)(f"report: {written.html}")
    return written.report.headline.exit_code


@app.command("bottleneck")
def bottleneck_command(
    run: Annotated[Path, typer.Argument(help="The run's directory, as `run` prints it.")],
) -> int:
    """Name the endpoint that holds a saved run up, or say that none stands out.

    Example: `python -m loadtest bottleneck results/20261122T210000Z-ha-quick`
    """
    report.show(Console(), findings.render(bottleneck.find(table.load(run))))
    return 0


@app.command("post-up")
def post_up_command() -> int:
    """Release, then load, as the stack's `loadProfile` says. Reads the outputs on standard input.

    Example: `pulumi stack output --json | python -m loadtest post-up`
    """
    console = Console()
    result = post_up(stack_outputs.from_file("-"), console)
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
