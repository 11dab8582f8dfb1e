"""Options that several commands share, and what they name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from loadtest.analysis import slo
from loadtest.analysis.slo import Slo
from loadtest.cli import tools
from loadtest.errors import OutputsError
from loadtest.profiles import Profile, profile_named
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.outputs import StackOutputs

SLO_VARIABLE = "LOADTEST_SLO"

Stack = Annotated[
    str | None, typer.Option("--stack", help="Pulumi stack to read the outputs of, such as `ha`.")
]
Outputs = Annotated[
    str | None,
    typer.Option("--outputs", help="JSON file with a stack's outputs instead; `-` is stdin."),
]
SloFile = Annotated[
    Path | None,
    typer.Option(
        "--slo",
        help=(
            f"YAML file with the SLO; by default the one that {SLO_VARIABLE} names, else no failure "
            "and a p99 of at most 25.8 ms."
        ),
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


def read_slo(path: Path | None) -> Slo | None:
    """Read the SLO that `--slo` or LOADTEST_SLO names; None without one.

    Called before a load rather than after it, so that a broken file costs no run.
    """
    named = path or os.environ.get(SLO_VARIABLE)
    return slo.read(Path(named)) if named else None


def choose_profile(name: str | None, outputs: StackOutputs) -> Profile:
    """Return the named load profile, else the stack's own, else (`none`) the quick one."""
    wanted = name or outputs.load_profile
    return profile_named("quick" if wanted == "none" else wanted)
