"""The commands `baseline set`, `list` and `remove`: named runs that later ones are compared with."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from commandline.exit_codes import ExitCode
from loadtest.analysis import baselines, saved_runs
from loadtest.analysis.baselines import Baseline
from loadtest.cli import output
from loadtest.cli.options import RUN_HELP, Json
from loadtest.errors import ResultsError
from loadtest.formatting import NOTHING
from loadtest.models import Record
from loadtest.runs import paths

app = typer.Typer(
    no_args_is_help=True,
    help="""Name the runs that later ones are compared with (`compare --to-baseline`).

    The names are kept in `baselines.json` (or the file that LOADTEST_BASELINES names): commit it.

    Examples:
    - `python -m loadtest baseline set main latest-ha`
    - `python -m loadtest baseline list`
    """,
)

Name = Annotated[str, typer.Argument(help="The baseline's name.")]


class Listed(Baseline):
    """A baseline as `baseline list --json` prints it."""

    name: str
    missing: list[str]
    """Runs that are gone."""


class Baselines(Record):
    """What `baseline list --json` prints."""

    schema_version: int = 1
    file: str
    baselines: list[Listed]


@app.command("set")
def set_command(
    name: Name, runs: Annotated[list[str], typer.Argument(metavar="RUN…", help=RUN_HELP)]
) -> int:
    """Name one or more runs of one stack under the same conditions as a baseline.

    With several runs, comparisons know how much runs vary. An invalid run, or runs under different
    conditions, are rejected with exit code 3.

    Examples:
    - `python -m loadtest baseline set main latest-ha`
    - `python -m loadtest baseline set release-2 20261122T200438Z 20261122T201001Z 20261122T201530Z`
    """
    path = baselines.file()
    made = baselines.put(path, name, paths.base(), runs)
    output.show_lines(Console(), f"{name}: {', '.join(made.runs)} ({path})")
    return ExitCode.SUCCESS


@app.command("list")
def list_command(*, json: Json = False) -> int:
    """List the baselines, and which of their runs no longer exist.

    Example: `python -m loadtest baseline list --json`
    """
    path = baselines.file()
    found = [_listed(name, one) for name, one in baselines.read(path).items()]
    console = Console()
    if json:
        output.show_json(console, Baselines(file=str(path), baselines=found))
        return ExitCode.SUCCESS
    columns = ("baseline", "stack", "scenario", "profile", "computer", "runs", "missing")
    rows = [
        [
            one.name,
            one.topology,
            one.scenario,
            one.profile,
            one.computer or NOTHING,
            ", ".join(one.runs),
            ", ".join(one.missing) or NOTHING,
        ]
        for one in found
    ]
    output.show_table(console, f"baselines in {path}: {len(found)}", columns, rows)
    return ExitCode.SUCCESS


@app.command("remove")
def remove_command(name: Name) -> int:
    """Remove a baseline; its runs are kept.

    Example: `python -m loadtest baseline remove release-2`
    """
    baselines.remove(baselines.file(), name)
    output.show_lines(Console(), f"removed baseline {name}; its runs stay")
    return ExitCode.SUCCESS


def _listed(name: str, one: Baseline) -> Listed:
    missing = list[str]()
    for run in one.runs:
        try:
            saved_runs.load(paths.base(), run)
        except ResultsError:
            missing.append(run)
    return Listed(name=name, missing=missing, **dict(one))
