"""The figures of a report or of one run in the terminal, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from commandline.text import visible
from loadtest.formatting import percent
from loadtest.models import EventRecord, RunSummary, Verdict
from loadtest.outcomes import AS_EXPECTED, Outcome
from loadtest.reporting.stack_comparison import Report, answered, censored

WIDTH = 80
"""Columns that the tables need."""
UNKNOWN_USER = frozenset({"401", "403"})
"""Statuses of an instance that does not know who is logged in."""
MOST_PLACES = 3
"""Endpoints that are named for each way in which requests failed."""
STYLES = {"kept": "bold green", "measured": "bold", "broken": "bold red",
          "undecided": "bold yellow", "invalid": "bold yellow"}  # fmt: skip


def render_terminal(report: Report) -> RenderableType:
    """Return a report's figures as a table for the terminal, which fits into 80 columns."""
    table = Table(
        title="Single instance and high availability under the same load",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1),
    )
    table.add_column("", no_wrap=True)
    published = ("published\nsingle", "published\nha") if report.beside_published else ()
    for column in ("single", "ha", *published):
        table.add_column(column, justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(*map(str, (row.name, *report.cells(row))))
    uneven = [report.uneven_host] if report.uneven_host else []
    notes = [Text(visible(str(one)), style="yellow") for one in uneven]
    prices = [Text(visible(str(one))) for one in report.price_messages]
    return Group(table, *notes, render_verdict(report), *prices)


def render_verdict(report: Report) -> RenderableType:
    """Return the verdict of a report with its reasons, without the figures."""
    headline = Text(visible(str(report.headline.sentence)), style=STYLES[report.headline.outcome])
    reasons = [Text(visible(f"  {reason}")) for reason in report.headline.further_reasons]
    return Group(headline, *reasons)


def render_run(run: RunSummary) -> RenderableType:
    """Return one run for the terminal, when there is nothing to compare it with."""
    table = Table(title=f"{run.topology}: {run.profile.name}", show_header=False)
    users, requests = run.users, run.requests
    skipped = f", skipped {users.skipped:,} (closed model)" if run.profile.closed else ""
    table.add_row("users", f"{users.created:,}, failed {users.failed:,}{skipped}")
    table.add_row("failed users", percent(users.failed_share))
    table.add_row("requests", f"{requests.total:,}")
    for outcome in Outcome:
        if count := requests.count(outcome):
            table.add_row(f"  {outcome}", f"{count:,} ({percent(count / requests.total)})")
            if outcome not in AS_EXPECTED:
                for place in _places(run, outcome):
                    table.add_row("", Text(visible(f"  {place}")))
    for name in ("p50", "p95", "p99"):
        shown = str(answered(run.latency, name))
        if run.latency.coverage < 1:
            covered = f"{shown} of the {percent(run.latency.coverage)} answered"
            shown = f"{covered}; of all {censored(run.latency, name)}"
        table.add_row(name, shown)
    for event in run.events:
        table.add_row(Text(visible(event.kind)), Text(visible(f"{_span(event)}  {event.name}")))
    verdict = Text(
        f"{run.topology}: {_in_words(run.verdict)}", style=STYLES.get(run.verdict.outcome, "")
    )
    reasons = [Text(visible(f"  {reason}")) for reason in run.verdict.reasons]
    return Group(table, verdict, *reasons)


def _places(run: RunSummary, outcome: Outcome) -> Iterator[str]:
    """Yield where most requests ended so, with the statuses or errors that they ended in."""
    found = [(one.requests.count(outcome), one) for one in run.endpoints]
    found = sorted((pair for pair in found if pair[0]), key=lambda pair: -pair[0])
    for count, one in found[:MOST_PLACES]:
        statuses = [status for status in one.requests.statuses if status[0] == str(outcome)[0]]
        codes = ", ".join(statuses or one.requests.errors)
        if outcome is Outcome.OTHER and not codes:
            codes = f"{', '.join(one.requests.statuses)}, but not as the script's `expect` asks"
        yield f"{count:,} at {one.name}" + (f": {codes}" if codes else "")
        if run.topology == "ha" and UNKNOWN_USER & set(statuses) and one.requests.good_share > 0:
            yield "  (does every instance know the session?)"
    if len(found) > MOST_PLACES:
        yield f"{sum(count for count, _ in found[MOST_PLACES:]):,} elsewhere"


def _in_words(verdict: Verdict) -> str:
    if verdict.outcome == "measured":
        return (
            "measured; nothing is promised of it (`applies_to` of the SLO), so there is no verdict"
        )
    return verdict.outcome


def _span(event: EventRecord) -> str:
    until = "" if event.until_s is None else f" to {event.until_s:.0f}"
    return f"{event.at_s:.0f}{until} s"


def show(console: Console, what: RenderableType, *, whole_lines: bool = False) -> None:
    """Print it; where the width is unknown or too small, in as many columns as it needs.

    With `whole_lines`, sentences are not wrapped: who shows them again adds a prefix.
    """
    if console.width < WIDTH:
        console = Console(file=console.file, width=WIDTH, force_terminal=console.is_terminal)
    console.print(what, soft_wrap=whole_lines)
