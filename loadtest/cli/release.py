"""The command `release`: deploy a stack's revision."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from loadtest.cli.options import Outputs, Stack, read_outputs
from loadtest.formatting import line_printer
from loadtest.stack import release


def release_command(
    stack: Stack = None,
    outputs: Outputs = None,
    *,
    force: Annotated[
        bool,
        typer.Option("--force", help="Deploy even if every instance already has the revision."),
    ] = False,
) -> int:
    """Deploy the stack's revision with CodeDeploy and wait until every instance serves it.

    Examples:
    - `python -m loadtest release --stack ha`
    - `python -m loadtest release --stack ha --force`
    """
    print_line = line_printer(Console())
    done = release.release(read_outputs(stack, outputs), print_line, force=force)
    how = f"deployment {done.deployment_id}" if done.deployment_id else "nothing to deploy"
    where = f"{len(done.instances)} instances in {done.seconds:.0f} s"
    print_line(f"released {done.digest[:12]} to {where} ({how})")
    return 0
