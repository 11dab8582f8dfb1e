"""The command `report`: compare a single run with an HA run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commandline.options import directory, file
from loadtest.analysis import saved_runs
from loadtest.cli.options import RUN_HELP
from loadtest.formatting import line_printer
from loadtest.reporting import conditions, report
from loadtest.runs import paths

Output = Annotated[
    Path | None,
    typer.Option(
        parser=directory,
        metavar="PATH",
        help="Where to write the files; by default, `results/report`.",
    ),
]
ConditionFile = Annotated[
    Path | None,
    typer.Option(
        "--conditions",
        parser=file,
        metavar="PATH",
        help="JSON list of {name, single, ha, published, note}.",
    ),
]


def report_command(
    single: Annotated[str | None, typer.Option(help=f"The single run. {RUN_HELP}")] = None,
    ha: Annotated[str | None, typer.Option(help=f"The HA run. {RUN_HELP}")] = None,
    output: Output = None,
    condition_file: ConditionFile = None,
    language: Annotated[
        str, typer.Option("--lang", help="Language of report.html, report.md and the card: en, ko.")
    ] = "en",
    *,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of report.json and exit.")
    ] = False,
) -> int:
    """Compare a single run with an HA run: print a table, and write reports for people and programs.

    Without `--single` and `--ha`: the latest two runs with the same load. With only one of them, the
    other is the latest run.

    - `report.html`: one page with charts; `report.ko.html` or `report.en.html`: the same page in the
      other language
    - `report.json`: all figures, as `docs/report.schema.json` describes them
    - `report.junit.xml`: a test case per objective and validity check, for CI
    - `report.md`: for a pull request; also appended to `$GITHUB_STEP_SUMMARY` if that is set
    - `report.svg`: a card for a README or a blog post

    Examples:
    - `python -m loadtest report`
    - `python -m loadtest report --output results/report --lang ko`
    - `python -m loadtest report --schema > docs/report.schema.json`
    """
    if schema:
        typer.echo(report.schema(), nl=False)
        return 0
    chosen = report.language(language)
    base = paths.base()
    extra = conditions.read(condition_file) if condition_file else None
    if single is None and ha is None:
        pair = saved_runs.latest_pair(base)
    else:
        pair = (
            saved_runs.find(base, single or "latest-single"),
            saved_runs.find(base, ha or "latest-ha"),
        )
    written = report.write_report(
        *pair,
        output or base / "report",
        extra,
        chosen,
    )
    console = Console()
    report.show(console, report.render_terminal(written.report))
    line_printer(console)(f"report: {written.html}")
    return written.report.headline.exit_code
