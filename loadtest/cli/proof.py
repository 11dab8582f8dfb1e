"""The command `proof`: put recorded experiments on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.options import directory
from loadtest.cli import output as printed
from loadtest.errors import ResultsError
from loadtest.experiments import models
from loadtest.experiments.proof import assemble, history, terminal, write
from loadtest.experiments.proof.history import Passed
from loadtest.formatting import NOTHING, line_printer
from loadtest.reporting import report
from loadtest.runs import paths


def proof_command(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="Directories of experiments; by default, all below `results`."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            parser=directory,
            metavar="PATH",
            help="Where to write the files; by default, `results/proof`.",
        ),
    ] = None,
    language: Annotated[
        str, typer.Option("--lang", help="Language of proof.html, proof.md and the card: en, ko.")
    ] = "en",
    *,
    show_history: Annotated[
        bool,
        typer.Option(
            "--history", help="List the experiments that passed at each commit, and exit."
        ),
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of proof.json and exit.")
    ] = False,
) -> int:
    """Summarize recorded experiments on one page: outcomes, predicted and measured times, timelines.

    - `proof.html`: one page with a time axis per experiment, and a second file in the other language
    - `proof.json`: all figures, as `docs/proof.schema.json` describes them
    - `proof.junit.xml`: a test case per experiment, for CI
    - `proof.md`: for a pull request; also appended to `$GITHUB_STEP_SUMMARY` if that is set
    - `proof.svg`: a card for a README or a blog post

    Exit codes: 0 the HA stack survived all of them, 2 it did not survive one, 3 one was inconclusive.

    Examples:
    - `python -m loadtest proof results/*-ha-instance-dies`
    - `python -m loadtest proof --history`
    """
    if schema:
        typer.echo(write.schema(), nl=False)
        return 0
    spoken = report.language(language)
    base = paths.base()
    if show_history:
        _show(history.read(base))
        return 0
    chosen = runs or models.recorded(base)
    if not chosen:
        raise ResultsError(
            f"there are no experiments below {base}; run `python -m loadtest experiment run` first"
        )
    made = assemble.proof(chosen)
    written = write.write(made, output or base / write.DIRECTORY, spoken)
    console = Console()
    report.show(console, terminal.render(made))
    line_printer(console)(f"proof: {written.html}")
    return made.exit_code


def _show(found: list[Passed]) -> None:
    rows = [
        [
            one.at,
            one.commit or NOTHING,
            one.outcome,
            f"{one.count('survived')} of {len(one.experiments)}",
            ", ".join(key for key, outcome in one.experiments.items() if outcome != "survived"),
        ]
        for one in found
    ]
    columns = ("written", "commit", "verdict", "survived", "not survived, or not shown")
    printed.show_table(Console(), f"Proofs: {len(rows)}", columns, rows)
