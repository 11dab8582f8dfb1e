"""Options for a series of runs: which stacks, how many runs, when to stop."""

from __future__ import annotations

from typing import Annotated

import typer

from commandline.options import stack as stack_name
from loadtest.analysis import sequential
from loadtest.analysis.sequential import Looks
from loadtest.cli.options import OUTPUTS
from loadtest.errors import LoadTestError
from loadtest.stack.outputs import StackOutputs

Stacks = Annotated[
    list[str] | None,
    typer.Option(
        "--stack",
        parser=stack_name,
        metavar="NAME",
        help="Pulumi stack to load; give two to load them in turn.",
    ),
]
OutputFiles = Annotated[list[str] | None, OUTPUTS]
Repeat = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=99,
        show_default="1",
        help="Runs of each stack (A B B A A B …); with --repeat-until-decided, the minimum (default 3).",
    ),
]
UntilDecided = Annotated[
    bool,
    typer.Option(
        "--repeat-until-decided",
        help="Keep running two stacks in pairs until each figure is better, worse or equivalent.",
    ),
]
MaxPairs = Annotated[
    int, typer.Option("--max-pairs", help="Maximum number of pairs with --repeat-until-decided.")
]


def looks_of(repeat: int | None, max_pairs: int, *, until_decided: bool) -> Looks | None:
    """Return after which pairs somebody looks; None if their number is fixed.

    Raises:
        LoadTestError: Such looks show nothing.
    """
    if not until_decided:
        return None
    return sequential.looks(repeat or sequential.FEWEST_PAIRS, max_pairs)


def require_two(looks: Looks | None, targets: list[StackOutputs]) -> None:
    """Require two stacks where they are to be told apart.

    Raises:
        LoadTestError: There is one.
    """
    if looks is not None and len(targets) != 2:
        raise LoadTestError("--repeat-until-decided compares two stacks; give --stack twice")
