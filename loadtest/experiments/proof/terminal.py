"""The proof in a terminal: a table of 80 columns, then the verdict."""

from __future__ import annotations

from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtest.experiments.models import Outcome
from loadtest.experiments.prediction import Agreement, Span
from loadtest.experiments.proof.models import Entry, Proof
from loadtest.formatting import NOTHING

STYLES: dict[Outcome, str] = {
    "survived": "bold green",
    "not survived": "bold red",
    "not shown": "bold yellow",
}

NOT_AWAITED: Final = "not awaited"
"""Of an experiment that ends before what was lost has been replaced: in a first rehearsal, for contrast."""


def render(proof: Proof) -> RenderableType:
    """Return the table of experiments with the verdict below it."""
    headline = Text(str(proof.sentence), style=STYLES[proof.outcome])
    reasons = [
        Text(f"  {entry.record.topology}: {entry.name}: {reason}")
        for entry in proof.entries
        if entry.record.outcome != "survived"
        for reason in entry.record.reasons
    ]
    more = [Text(f"  {one}") for one in (*proof.repeated, *proof.left_out_messages)]
    return Group(table(proof), headline, *reasons, *more)


def table(proof: Proof) -> Table:
    """Return a row per experiment: outcome, predicted beside measured, bad requests."""
    shown = Table(
        title="Experiments: measured (predicted), in seconds",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    # Where it is too narrow, a name continues on the next line: a figure is never cut.
    shown.add_column("experiment", overflow="fold")
    shown.add_column("stack", no_wrap=True)
    shown.add_column("outcome", no_wrap=True)
    for column in ("detected", "recovered", "bad"):
        shown.add_column(column, justify="right", no_wrap=True)
    for entry in proof.entries:
        shown.add_row(*_cells(entry))
    return shown


def _cells(entry: Entry) -> list[str | Text]:
    record, measured = entry.record, entry.measured
    found = {one.name.id: one.agreement for one in entry.comparisons}
    bad = NOTHING if measured is None else f"{measured.bad:,}"
    return [
        entry.name,
        record.topology,
        Text(record.outcome, style=STYLES[record.outcome]),
        _beside(measured and measured.detection_s, found.get("prediction.detection")),
        _recovered(entry, found.get("prediction.recovery")),
        bad,
    ]


def _recovered(entry: Entry, agreement: Agreement | None) -> str:
    if not entry.record.awaits_replacement:
        return NOT_AWAITED
    return _beside(entry.measured and entry.measured.recovery_s, agreement)


def _beside(measured_s: float | None, agreement: Agreement | None) -> str:
    """Return `7.2 (5-10)`, with a mark where the two do not agree."""
    value = NOTHING if measured_s is None else f"{measured_s:.1f}"
    if agreement is None:
        return value
    mark = "" if agreement.within else " !"
    return f"{value} ({spanned(agreement.predicted)}){mark}"


def spanned(span: Span) -> str:
    """Return a span of seconds in its shortest form."""
    low, high = f"{span.low:.0f}", f"{span.high:.0f}"
    return low if low == high else f"{low}-{high}"
