"""Options of `python -m rehearsal run`: what is deployed, what sends the load, what is promised."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commandline.options import directory, file

Revision = Annotated[
    Path,
    typer.Option(
        help="The CodeDeploy revision to deploy: a directory with appspec.yml.",
        parser=directory,
        metavar="PATH",
    ),
]
GeneratorName = Annotated[
    str | None,
    typer.Option(
        "--generator",
        help="What sends the requests: artillery (unless LOADTEST_GENERATOR says otherwise), k6, "
        "locust or jmeter.",
    ),
]
Experiments = Annotated[
    bool, typer.Option(help="Let an instance die and lose a zone, under load, after the loads.")
]
SloFile = Annotated[
    Path | None,
    typer.Option(
        "--slo",
        help="YAML file with the promise (docs/gate.md); by default the one that LOADTEST_SLO names, else "
        "no failure and a p99 of at most 25.8 ms.",
        parser=file,
        metavar="PATH",
    ),
]
