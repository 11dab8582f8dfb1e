"""A run's requests as columns, for statistics, charts and comparisons."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from loadtest.array_types import Codes, Flags, Floats, Indices, Times
from loadtest.outcomes import Outcome
from loadtest.runs.journal import Journal
from loadtest.runs.recording import Exchange, exchanges

OUTCOMES = tuple(Outcome)
"""The outcome that each code in `RequestTable.outcome` stands for."""

_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True)
class Category:
    """A text column: `labels[codes[i]]` is the text of row i; code -1 is a missing text."""

    codes: Codes
    labels: tuple[str, ...]

    def mask(self, label: str) -> Flags:
        """Return which rows have this text, possibly none."""
        if label not in self.labels:
            return np.zeros(len(self.codes), dtype=bool)
        return self.codes == self.labels.index(label)

    def __getitem__(self, rows: Flags) -> Category:
        """Return only these rows; the labels stay."""
        return Category(self.codes[rows], self.labels)


@dataclass(frozen=True)
class RequestTable:
    """One row per HTTP request, ordered by its start. All columns have the same length.

    Times of day are in epoch ms, durations in ms. `ttfb_ms` is NaN if no response started.
    """

    arrived_ms: Floats
    """When the request's virtual user was started."""
    scheduled_ms: Floats
    """When the request was due: its start minus how late its user was; NaN if unknown."""
    start_ms: Floats
    ttfb_ms: Floats
    """From the request's start (so including connection setup) to the first byte of the response."""
    total_ms: Floats
    outcome: Codes
    """Index into `OUTCOMES`."""
    status: Codes
    """HTTP status; 0 without a response."""
    sent: Flags
    """Whether anything was sent; False if the request failed inside the generator before that."""
    user: Category
    endpoint: Category
    error: Category
    instance: Category
    zone: Category
    version: Category

    def __len__(self) -> int:
        """Return the number of requests."""
        return len(self.start_ms)

    @property
    def ended_ms(self) -> Floats:
        """When the response was complete or the request abandoned."""
        return self.start_ms + self.total_ms

    def is_(self, *outcomes: Outcome) -> Flags:
        """Return which rows have one of these outcomes."""
        return np.isin(self.outcome, [_CODES[outcome] for outcome in outcomes])

    def where(self, rows: Flags) -> RequestTable:
        """Return the table of only these rows."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return RequestTable(**{name: column[rows] for name, column in columns.items()})

    def arrivals(self) -> tuple[Floats, Indices]:
        """Return when each user was started (epoch ms, in order), and each row's position in that order."""
        _, first, user = np.unique(self.user.codes, return_index=True, return_inverse=True)
        arrived = self.arrived_ms[first]
        order = np.argsort(arrived, kind="stable")
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order))
        return arrived[order], place[user]

    def scheduled(self, planned_s: Times, began_ms: float) -> RequestTable:
        """Return the table with `scheduled_ms`, taking the k-th user to arrive for the k-th planned.

        `planned_s` are the planned arrivals in seconds after `began_ms`. The time between a user's
        arrival and a later request (responses, think time) is taken as measured.
        """
        arrived, place = self.arrivals()
        planned = np.full(len(arrived), np.nan)
        count = min(len(arrived), len(planned_s))
        planned[:count] = began_ms + planned_s[:count] * 1000
        late = arrived - planned
        return dataclasses.replace(self, scheduled_ms=self.start_ms - late[place])


class _TextColumn:
    """A text column under construction."""

    def __init__(self) -> None:
        self._labels: dict[str, int] = {}
        self._codes = array("i")

    def add(self, text: str | None) -> None:
        known = self._labels
        self._codes.append(-1 if text is None else known.setdefault(text, len(known)))

    def column(self, order: Indices) -> Category:
        return Category(np.array(self._codes, dtype=np.int32)[order], tuple(self._labels))


class Builder:
    """Builds a table request by request without keeping any of them as an object."""

    def __init__(self, slow_ms: float | None = None) -> None:
        """Count a good answer as slow if its first byte took longer than `slow_ms`."""
        self._slow_ms = slow_ms
        self._arrived, self._start = array("d"), array("d")
        self._ttfb, self._total = array("d"), array("d")
        self._outcome, self._status, self._sent = array("i"), array("i"), array("b")
        self._user, self._endpoint, self._error = _TextColumn(), _TextColumn(), _TextColumn()
        self._instance, self._zone, self._version = _TextColumn(), _TextColumn(), _TextColumn()

    def add(self, one: Exchange) -> None:
        """Add a row."""
        self._arrived.append(one.arrived_ms)
        self._start.append(one.start_ms)
        self._ttfb.append(np.nan if one.ttfb_ms is None else one.ttfb_ms)
        self._total.append(one.total_ms)
        self._outcome.append(_CODES[one.outcome_within(self._slow_ms)])
        self._status.append(one.status or 0)
        self._sent.append(one.sent)
        self._user.add(one.user)
        self._endpoint.add(one.endpoint)
        self._error.add(one.error)
        self._instance.add(one.instance)
        self._zone.add(one.zone)
        self._version.add(one.version)

    def table(self) -> RequestTable:
        """Return what was added, ordered by start; `scheduled_ms` is not known yet."""
        start = np.array(self._start, dtype=np.float64)
        order = np.argsort(start, kind="stable")
        return RequestTable(
            arrived_ms=np.array(self._arrived, dtype=np.float64)[order],
            scheduled_ms=np.full(len(order), np.nan),
            start_ms=start[order],
            ttfb_ms=np.array(self._ttfb, dtype=np.float64)[order],
            total_ms=np.array(self._total, dtype=np.float64)[order],
            outcome=np.array(self._outcome, dtype=np.int32)[order],
            status=np.array(self._status, dtype=np.int32)[order],
            sent=np.array(self._sent, dtype=np.bool_)[order],
            user=self._user.column(order),
            endpoint=self._endpoint.column(order),
            error=self._error.column(order),
            instance=self._instance.column(order),
            zone=self._zone.column(order),
            version=self._version.column(order),
        )


def from_exchanges(rows: Iterable[Exchange], slow_ms: float | None = None) -> RequestTable:
    """Build the table of these requests; above `slow_ms` to the first byte, a good answer is slow."""
    builder = Builder(slow_ms)
    for exchange in rows:
        builder.add(exchange)
    return builder.table()


def read(path: Path, slow_ms: float | None) -> tuple[RequestTable, Journal]:
    """Read a journal's requests as far as possible; the returned journal says whether that is all."""
    journal = Journal(path)
    return from_exchanges(exchanges(journal), slow_ms), journal
