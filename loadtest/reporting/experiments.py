"""Experiments in the report on two loads, one line each; the proof's page has the details."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from loadtest.messages.message import Message
from loadtest.models import Record
from loadtest.reporting.html.tables import TextColumn, TextRow, TextTable
from loadtest.reporting.texts import Texts

Outcome = Literal["survived", "not survived", "not shown"]
COLUMNS = (
    "proof-page.experiment",
    "proof-page.outcome",
    "prediction.detection",
    "prediction.recovery",
    "proof-page.bad-requests",
)


class ExperimentRow(Record):
    """One experiment on the HA stack."""

    experiment: str
    title: str
    outcome: Outcome
    because: list[str]
    """The policies that make it hold, by id."""
    cells: list[Message]
    """Outcome, detection, recovery and bad requests, in words."""


def table(rows: Sequence[ExperimentRow], texts: Texts) -> TextTable | None:
    """Return the experiments as a table of the page; None without any."""
    if not rows:
        return None
    return TextTable(
        [TextColumn(texts(name)) for name in COLUMNS],
        [
            TextRow(
                texts.experiment(row.experiment, row.title),
                [texts.render(cell) for cell in row.cells],
            )
            for row in rows
        ],
    )
