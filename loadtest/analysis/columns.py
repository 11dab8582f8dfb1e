"""The definitions that every figure rests on: failed user, latency, percentile.

Each exists once, here; `tests/loadtest/analysis/test_columns.py` checks both that and the definitions.

- A user *failed* if any of the user's requests ended in anything but the answer that the scenario
  expects. A late answer fails no user.
- The *latency* of a request is its time to first byte; infinite if no answer ever came, so that a
  percentile over all requests cannot improve because a stack stopped answering.
- A *percentile* is an observed value, by nearest rank: the smallest value that at least a share `q` of
  all values does not exceed.
"""

from __future__ import annotations

import math
from typing import NamedTuple, overload

import numpy as np

from loadtest.array_types import Flags, Floats, Ints, Times
from loadtest.models import Percentile
from loadtest.outcomes import ANSWERED, FAILED
from loadtest.runs.table import Category, RequestTable

QUANTILES = {"p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
"""All percentiles that a run's summary contains."""
MAIN_QUANTILES = {name: QUANTILES[name] for name in ("p50", "p95", "p99")}
"""The percentiles of tables and charts."""


class UserColumns(NamedTuple):
    """The virtual users of a table, ordered by their code."""

    codes: Ints
    """Index into the labels of the table's `user` column."""
    arrived_ms: Floats
    """When each was started, in epoch ms."""
    failed: Flags
    """Whether any of the user's requests failed."""


def users(table: RequestTable) -> UserColumns:
    """Return every user who has a request in the table, and whether the user failed."""
    codes, first, user = np.unique(table.user.codes, return_index=True, return_inverse=True)
    failed = np.zeros(len(codes), dtype=np.bool_)
    failed[user[failures(table)]] = True
    return UserColumns(codes.astype(np.int64), table.arrived_ms[first], failed)


def failures(table: RequestTable) -> Flags:
    """Return which requests failed: all that did not get the expected answer, in time or late."""
    return table.is_(*FAILED)


def answered(table: RequestTable) -> Flags:
    """Return which requests got an answer, whatever its status."""
    return table.is_(*ANSWERED) & ~np.isnan(table.ttfb_ms)


def latencies(table: RequestTable) -> Floats:
    """Return each request's time to first byte in ms; infinite if no answer ever came."""
    return np.where(answered(table), table.ttfb_ms, np.inf)


@overload
def nearest_rank(count: int, q: float) -> int: ...
@overload
def nearest_rank(count: Ints, q: float) -> Ints: ...
def nearest_rank(count: int | Ints, q: float) -> int | Ints:
    """Return the rank (from 1) of the q-quantile among that many values in ascending order."""
    ranks = np.maximum(np.ceil(q * np.asarray(count)), 1).astype(np.int64)
    return int(ranks) if isinstance(count, int) else ranks


def quantile(values: Floats | Times, q: float) -> float:
    """Return the q-quantile (0 to 1) of values in any order; NaN without any."""
    if not len(values):
        return math.nan
    rank = nearest_rank(len(values), q) - 1
    return float(np.partition(values, rank)[rank])


def percentile(values: Floats, q: float, timeout_ms: float) -> Percentile | None:
    """Return the q-quantile of latencies as a record; None without any values.

    An infinite one becomes "at least the timeout".
    """
    if not len(values):
        return None
    return limited(quantile(values, q), timeout_ms)


def limited(value_ms: float, timeout_ms: float) -> Percentile:
    """Return a latency as a record; an infinite one is only known to be at least the timeout."""
    if math.isinf(value_ms):
        return Percentile(value_ms=timeout_ms, at_least=True)
    return Percentile(value_ms=round(value_ms, 3))


def labels(column: Category, rows: Flags) -> list[str]:
    """Return the distinct texts of these rows, in the order of their codes."""
    return [column.labels[code] for code in np.unique(column.codes[rows]) if code >= 0]


def finite(value: float) -> float | None:
    """Return the value, or None where it is infinite or NaN, which JSON cannot express."""
    return value if math.isfinite(value) else None
