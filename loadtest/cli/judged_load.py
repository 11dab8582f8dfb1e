"""`--generator` and `--slo`, shared with `python -m rehearsal run`.

It is imported in a moment, so that the help of the rehearsal does not wait for the analysis.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commandline.options import file
from loadtest import variable_names
from loadtest.generator_names import TITLES

GeneratorName = Annotated[
    str | None,
    typer.Option(
        "--generator",
        help=(
            f"Load generator: {', '.join(TITLES)}; by default, the one that {variable_names.GENERATOR} "
            "names, else artillery."
        ),
    ),
]
SloFile = Annotated[
    Path | None,
    typer.Option(
        "--slo",
        parser=file,
        metavar="PATH",
        help=(
            f"YAML file with the SLO; by default, the one that {variable_names.SLO} names, else no "
            "failures and a p99 of at most 25.8 ms."
        ),
    ),
]
