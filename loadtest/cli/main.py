"""`python -m loadtest`: the commands, and what ends them early."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn, cast

import typer
from rich.console import Console

from loadtest.cli.bottleneck import bottleneck_command
from loadtest.cli.compare import compare_command
from loadtest.cli.gate import gate_command
from loadtest.cli.history import history_command
from loadtest.cli.plan import plan_command
from loadtest.cli.post_up import post_up_command
from loadtest.cli.recover import recover_command
from loadtest.cli.release import release_command
from loadtest.cli.report import report_command
from loadtest.cli.run import run_command
from loadtest.errors import EXIT_INFRASTRUCTURE, EXIT_INTERRUPTED, LoadTestError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help=(
        "Release the application to a stack, put it under load and report what its users experienced."
        "\n\n"
        "Exit codes: **0** SLO kept, **2** broken, **3** the run is not valid, **4** anything else "
        "failed, **130** interrupted.\n\n"
        "- `python -m loadtest release --stack ha`\n"
        "- `python -m loadtest run --stack ha --profile quick`\n"
        "- `pulumi stack output --json | python -m loadtest run --outputs -`\n"
        "- `python -m loadtest run --stack single --stack ha --repeat 3`\n"
        "- `python -m loadtest report`\n"
        "- `python -m loadtest history --topology ha`\n"
        "- `python -m loadtest compare RUN_A RUN_B`\n"
        "- `python -m loadtest gate --slo our-slo.yml`\n"
        "- `python -m loadtest plan --availability 99.9 --confidence 95 --rate 250`"
    ),
)

USAGE_ERROR = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
"""Wrong options and commands; of the command line library's errors only this subclass is public."""

for name, command in (
    ("release", release_command),
    ("run", run_command),
    ("compare", compare_command),
    ("history", history_command),
    ("gate", gate_command),
    ("plan", plan_command),
    ("report", report_command),
    ("recover", recover_command),
    ("bottleneck", bottleneck_command),
    ("post-up", post_up_command),
):
    app.command(name)(command)


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
