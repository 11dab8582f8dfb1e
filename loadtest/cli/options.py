"""Options that several commands share, and what they name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from commandline.findings import Findings
from commandline.options import file_or_stdin
from commandline.options import stack as stack_name
from loadtest.analysis import margins, slo
from loadtest.analysis.margins import Margins
from loadtest.analysis.slo import Slo
from loadtest.cli import tools
from loadtest.engine import hook_variables
from loadtest.engine.workers.generator import Split, words
from loadtest.errors import OutputsError
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.outputs import StackOutputs

Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        parser=stack_name,
        metavar="NAME",
        help="Pulumi stack to read the outputs of, such as `ha`.",
    ),
]
OUTPUTS = typer.Option(
    "--outputs",
    parser=file_or_stdin,
    metavar="PATH",
    help="JSON file with the stack's outputs, instead of --stack; `-` is stdin.",
)
Outputs = Annotated[str | None, OUTPUTS]
MarginOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--margin",
        metavar="[FIGURE=]SIZE",
        help=(
            "The largest change that does not matter: `p99=5%`, `failed-users=0.1pp`, or `5%` for all "
            "percentiles; may be repeated. Default: `margins` of the SLO file."
        ),
    ),
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=64,
        help="Number of generators that share the load; they start together.",
    ),
]
WorkerPrefix = Annotated[
    str,
    typer.Option(
        "--worker-prefix",
        help="Prefix of each worker's command, such as `ip netns exec load-{worker}`.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RUN_HELP = "A run's id or the beginning of one, `latest-single`, `latest-ha`, or a directory."
RunName = Annotated[str, typer.Argument(help=RUN_HELP)]


def read_outputs(stack: str | None, outputs: str | None) -> StackOutputs:
    """Read the outputs of the stack that `--stack` or `--outputs` names."""
    if stack and not outputs:
        return stack_outputs.from_stack(stack, tools.pulumi())
    if outputs and not stack:
        return stack_outputs.from_file(outputs)
    raise OutputsError("name the stack: either --stack NAME or --outputs FILE (one of them)")


def looked_up(findings: Findings, stack: str | None, outputs: str | None) -> StackOutputs:
    """Return what `read_outputs` does, unless something is wrong.

    Raises:
        UserError: They cannot be read, or `findings` has something; the message has all that is wrong.
        UsageError: One of the options is wrong, and nothing else.
    """
    if stack:
        findings.report()  # Pulumi is not asked for a stack to which nothing will be done.
    read = findings.of(read_outputs, stack, outputs)
    findings.report()
    return read.value


def read_slo(path: Path | None, *, may_be_empty: bool = False) -> Slo | None:
    """Read the SLO that `--slo` or LOADTEST_SLO names; None without one.

    Called before a load rather than after it, so that a broken file costs no run. `may_be_empty`
    where only its margins count.
    """
    named = _slo_named(path)
    return slo.read(named, may_be_empty=may_be_empty) if named else None


def slo_file(path: Path | None) -> Path | None:
    """Return the file that `--slo` or LOADTEST_SLO names, once it can be read; None without one.

    Raises:
        SloError: It cannot be read, or is not an SLO.
    """
    read_slo(path)
    return _slo_named(path)


def _slo_named(path: Path | None) -> Path | None:
    named = path or os.environ.get(hook_variables.SLO)
    return Path(named) if named else None


def read_margins(path: Path | None, given: list[str] | None) -> Margins:
    """Return the margins of the SLO file (else the default ones) with those of `--margin`.

    Raises:
        MarginError: One of `--margin` cannot be read.
        SloError: The file cannot be read.
    """
    chosen = read_slo(path, may_be_empty=True) or slo.default()
    return margins.changed(chosen.margins, given or [])


def choose_workers(workers: int | None, prefix: str) -> Split | None:
    """Return into how many workers to split the load; None for one generator without a prefix.

    Raises:
        GeneratorError: A quote is open in the prefix.
    """
    if workers is None and not prefix:
        return None
    return Split(workers or 1, tuple(words(prefix)))
