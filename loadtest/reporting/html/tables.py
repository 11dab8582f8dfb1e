"""The pieces that a page is put together from; their texts are in the page's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup


class TextColumn(NamedTuple):
    """A column of a text table. `hidden` hides its header from all but screen readers."""

    name: str
    published: bool = False
    hidden: bool = False


class TextRow(NamedTuple):
    """A row of a text table."""

    name: str
    cells: Sequence[str]
    note: str = ""


class TextTable(NamedTuple):
    """A table of few columns, which becomes a list of cards on a phone."""

    columns: Sequence[TextColumn]
    rows: Sequence[TextRow]


class HeaderCell(NamedTuple):
    """A header cell of a data table. `kind` is its CSS class."""

    name: str
    kind: str = ""
    colspan: int = 1
    rowspan: int = 1


class DataCell(NamedTuple):
    """A cell of a data table. `kind` is its CSS class."""

    text: str
    kind: str = ""


class DataRow(NamedTuple):
    """A row of a data table."""

    name: str
    cells: Sequence[DataCell]


class DataTable(NamedTuple):
    """A table of many columns, which scrolls sideways where it does not fit."""

    headers: Sequence[Sequence[HeaderCell]]
    rows: Sequence[DataRow]


class LegendEntry(NamedTuple):
    """An entry of a legend, and its part of a bar in per cent. `shape` is `line` or `fill`."""

    kind: str
    text: str
    shape: str = "fill"
    start: float = 0
    size: float = 0


class ChartPanel(NamedTuple):
    """One run's part of a figure, or the only one."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Figure:
    """A chart of both runs with its legend and the same numbers as a table."""

    id: str
    title: str
    note: str
    legend: Sequence[LegendEntry]
    panels: Sequence[ChartPanel]
    table: DataTable
