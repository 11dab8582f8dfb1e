"""The command `bottleneck`: name the endpoint that slows a run down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.options import directory
from loadtest.analysis import bottleneck, run_loading
from loadtest.reporting import findings, report


def bottleneck_command(
    run: Annotated[
        Path,
        typer.Argument(
            parser=directory, metavar="RUN", help="The run's directory, as `run` prints it."
        ),
    ],
) -> int:
    """Name the endpoint that slows a saved run down, or report that none stands out.

    Example: `python -m loadtest bottleneck results/20261122T210000Z-ha-quick`
    """
    report.show(Console(), findings.render(bottleneck.find(run_loading.load_requests(run))))
    return 0
