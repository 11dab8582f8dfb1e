"""The command `recover`: rebuild a broken run from its readable part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.options import directory
from loadtest.analysis.recovery import repair
from loadtest.cli import output
from loadtest.engine.runner import RunResult


def recover_command(
    directory: Annotated[
        Path, typer.Argument(parser=directory, metavar="DIRECTORY", help="Directory of the run.")
    ],
) -> int:
    """Rebuild a broken run (killed, disk full, file damaged) from its readable part.

    Example: `python -m loadtest recover results/20261122T202139Z-ha-quick`
    """
    return output.show_run(Console(), RunResult(directory, repair(directory)))
