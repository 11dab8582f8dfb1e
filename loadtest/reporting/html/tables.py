"""The pieces that a page is put together from; their texts are in the page's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup


class Column(NamedTuple):
    """A column's head."""

    name: str
    published: bool = False
    hidden: bool = False


class Row(NamedTuple):
    """A row of a table in which every column is text."""

    name: str
    cells: Sequence[str]
    note: str = ""


class Sheet(NamedTuple):
    """Such a table."""

    columns: Sequence[Column]
    rows: Sequence[Row]


class Head(NamedTuple):
    """A head cell of a wide table."""

    name: str
    kind: str = ""
    span: int = 1
    deep: int = 1


class Cell(NamedTuple):
    """A cell of a wide table; `kind` is its class."""

    text: str
    kind: str = ""


class Line(NamedTuple):
    """A row of a wide table."""

    name: str
    cells: Sequence[Cell]


class Wide(NamedTuple):
    """A table that may have to scroll."""

    heads: Sequence[Sequence[Head]]
    rows: Sequence[Line]


class Key(NamedTuple):
    """An entry of a legend, and its part of a bar in per cent. `shape` is `line` or `fill`."""

    kind: str
    text: str
    shape: str = "fill"
    start: float = 0
    size: float = 0


class Panel(NamedTuple):
    """One arm's part of a figure."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class Figure:
    """A chart of both arms with its legend and its numbers."""

    id: str
    title: str
    note: str
    legend: Sequence[Key]
    panels: Sequence[Panel]
    heads: Sequence[Sequence[Head]]
    rows: Sequence[Line]
