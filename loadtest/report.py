"""Writes the comparison: `report.json`, and `report.html`, one file that needs no network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtest import charts, results
from loadtest import outputs as stack_outputs
from loadtest.comparison import Report, answered, censored, compare, percent
from loadtest.conditions import Condition
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome

JSON = "report.json"
HTML = "report.html"
WIDTH = 80
"""Columns that the tables need."""
STYLES = {"kept": "bold green", "broken": "bold red", "invalid": "bold yellow"}
OUTCOME_NAMES = {
    Outcome.GOOD: "good",
    Outcome.SLOW: "slow",
    Outcome.TIMEOUT: "timeout",
    Outcome.SERVER_ERROR: "5xx",
    Outcome.CLIENT_ERROR: "4xx",
    Outcome.REFUSED: "refused",
    Outcome.RESET: "reset",
    Outcome.OTHER: "other",
}


@dataclass(frozen=True)
class Written:
    """A report and its files."""

    report: Report
    html: Path
    json: Path


def write_report(
    single: Path, ha: Path, target: Path, extra: list[Condition] | None = None
) -> Written:
    """Compares two saved runs (their directories) and writes the report's files into `target`."""
    runs = (results.load_summary(single), results.load_summary(ha))
    stacks = tuple(stack_outputs.from_file(str(d / results.OUTPUTS)) for d in (single, ha))
    report = compare(runs[0], runs[1], (stacks[0], stacks[1]), extra)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise results.ResultsError(
            f"cannot write a report to {target}: {error.strerror}"
        ) from error
    written = Written(report, target / HTML, target / JSON)
    results.write_text(written.json, report.model_dump_json(indent=2) + "\n")
    results.write_text(written.html, render_html(report))
    return written


def render_html(report: Report) -> str:
    """The page. Everything it needs is in it; text from results is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("loadtest"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["percent"] = percent
    scale = charts.Scale.of(report.single.series, report.ha.series)
    arms = [
        {
            "title": title,
            "run": run,
            # `time_series` escapes what comes from the run's file.
            "chart": Markup(chart),  # noqa: S704
            "table": charts.table(run.series, scale),
        }
        for title, run in (("Single instance", report.single), ("High availability", report.ha))
        for chart in (charts.time_series(run.series, run.profile.phases, scale, _alt(run)),)
    ]
    page = environment.get_template("report.html.j2")
    return page.render(
        report=report,
        arms=arms,
        lines=charts.LINES,
        answered=answered,
        censored=censored,
        outcome_names=OUTCOME_NAMES,
    )


def _alt(run: RunSummary) -> str:
    total = run.requests
    return (
        f"{run.topology}, per second over {len(run.series.good)} s: users arriving, requests "
        f"answered and requests failed; {total.count(Outcome.GOOD):,} of {total.total:,} requests "
        "were answered well"
    )


def render_terminal(report: Report) -> RenderableType:
    """The same figures as a table for the terminal, which fits into 80 columns."""
    table = Table(
        title="Single instance and high availability under the same load",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1),
    )
    table.add_column("", no_wrap=True)
    for column in ("single", "ha", "published\nsingle", "published\nha"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(row.name, row.single, row.ha, row.published_single, row.published_ha)
    headline = Text(report.headline.sentence, style=STYLES[report.headline.outcome])
    reasons = [Text(f"  {reason}") for reason in report.headline.reasons]
    return Group(table, headline, *reasons)


def render_run(run: RunSummary) -> RenderableType:
    """One run for the terminal, when there is nothing to compare it with."""
    table = Table(title=f"{run.topology}: {run.profile.name}", show_header=False)
    users, requests = run.users, run.requests
    table.add_row("users", f"{users.created:,}, failed {users.failed:,}")
    table.add_row("failed users", percent(users.failed_share))
    table.add_row("requests", f"{requests.total:,}")
    for outcome in Outcome:
        if count := requests.count(outcome):
            table.add_row(f"  {outcome}", f"{count:,} ({percent(count / requests.total)})")
    for name in ("p50", "p95", "p99"):
        covered = f"{answered(run.latency, name)} of the {percent(run.latency.coverage)} answered"
        table.add_row(name, f"{covered}; of all {censored(run.latency, name)}")
    verdict = Text(
        f"{run.topology}: {run.verdict.outcome}", style=STYLES.get(run.verdict.outcome, "")
    )
    reasons = [Text(f"  {reason}") for reason in run.verdict.reasons]
    return Group(table, verdict, *reasons)


def show(console: Console, what: RenderableType) -> None:
    """Prints it; where the width is unknown or too small, in as many columns as it needs."""
    if console.width < WIDTH:
        console = Console(file=console.file, width=WIDTH, force_terminal=console.is_terminal)
    console.print(what)
