"""Options of `python -m rehearsal run` alone: what is deployed, and what is made to fail."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commandline.options import directory

Revision = Annotated[
    Path,
    typer.Option(
        help="The CodeDeploy revision to deploy: a directory with appspec.yml.",
        parser=directory,
        metavar="PATH",
    ),
]
Experiments = Annotated[
    bool, typer.Option(help="Let an instance die and lose a zone, under load, after the loads.")
]
