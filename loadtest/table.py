"""A run's requests as columns: what statistics, charts and comparisons work on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadtest import results
from loadtest.outcomes import Outcome
from loadtest.recording import Exchange, read_exchanges

OUTCOMES = tuple(Outcome)
"""What a code in `RequestTable.outcome` stands for."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Category:
    """A text column: `labels[codes[i]]` is row i's text, and -1 stands for none."""

    codes: Codes
    labels: tuple[str, ...]

    def mask(self, label: str) -> NDArray[np.bool_]:
        """Which rows have this text; none, if no row has."""
        if label not in self.labels:
            return np.zeros(len(self.codes), dtype=bool)
        return self.codes == self.labels.index(label)

    def __getitem__(self, rows: NDArray[np.bool_]) -> Category:
        """Only these rows; the labels stay."""
        return Category(self.codes[rows], self.labels)


@dataclass(frozen=True)
class RequestTable:
    """One row per HTTP request, ordered by its start. All columns have the same length.

    Times of day are in epoch ms, durations in ms. `ttfb_ms` is NaN where no answer began.
    """

    arrived_ms: Floats
    """When the request's virtual user was started."""
    start_ms: Floats
    ttfb_ms: Floats
    """From the request's start (so with the connection's set-up) to the answer's first byte."""
    total_ms: Floats
    outcome: Codes
    """Index into `OUTCOMES`."""
    status: Codes
    """HTTP status, 0 where there was none."""
    user: Category
    endpoint: Category
    error: Category
    instance: Category
    zone: Category
    version: Category

    def __len__(self) -> int:
        """How many requests."""
        return len(self.start_ms)

    @property
    def ended_ms(self) -> Floats:
        """When the answer was complete or the request was given up."""
        return self.start_ms + self.total_ms

    def is_(self, *outcomes: Outcome) -> NDArray[np.bool_]:
        """Which rows have one of these outcomes."""
        return np.isin(self.outcome, [OUTCOMES.index(outcome) for outcome in outcomes])

    def where(self, rows: NDArray[np.bool_]) -> RequestTable:
        """The table of only these rows."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return RequestTable(**{name: column[rows] for name, column in columns.items()})


def from_exchanges(exchanges: Iterable[Exchange]) -> RequestTable:
    """The table of these requests."""
    rows = sorted(exchanges, key=lambda e: e.start_ms)
    return RequestTable(
        arrived_ms=np.array([e.arrived_ms for e in rows], dtype=np.float64),
        start_ms=np.array([e.start_ms for e in rows], dtype=np.float64),
        ttfb_ms=np.array(
            [np.nan if e.ttfb_ms is None else e.ttfb_ms for e in rows], dtype=np.float64
        ),
        total_ms=np.array([e.total_ms for e in rows], dtype=np.float64),
        outcome=np.array([OUTCOMES.index(e.outcome) for e in rows], dtype=np.int32),
        status=np.array([e.status or 0 for e in rows], dtype=np.int32),
        user=_category(e.user for e in rows),
        endpoint=_category(e.endpoint for e in rows),
        error=_category(e.error for e in rows),
        instance=_category(e.instance for e in rows),
        zone=_category(e.zone for e in rows),
        version=_category(e.version for e in rows),
    )


def load(directory: Path) -> RequestTable:
    """The requests of a saved run. Raises ResultsError where they cannot be read."""
    return from_exchanges(read_exchanges(directory / (results.REQUESTS + ".gz")))


def _category(texts: Iterable[str | None]) -> Category:
    labels: dict[str, int] = {}
    codes = [-1 if text is None else labels.setdefault(text, len(labels)) for text in texts]
    return Category(np.array(codes, dtype=np.int32), tuple(labels))
