"""What the charts and tables show beyond a run's summary, from its single requests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtest.models import Percentile, RunSummary
from loadtest.outcomes import ANSWERED, AS_EXPECTED, Outcome
from loadtest.runs.table import OUTCOMES, Category, RequestTable

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Lengths of time over which a chart sums up."""

CURVE_POINTS = 240
"""Points of a distribution's curve; its tail gets as many again per tenfold."""


@dataclass(frozen=True)
class Course:
    """A run in equal steps of time. Rates are per second."""

    step_s: int
    arrivals: Floats
    """Users, by their arrival."""
    outcomes: dict[Outcome, Floats]
    """Requests, by their end."""
    median: list[Percentile | None]
    """Of the requests that began in a step, the unanswered as slower than all answers."""
    p99: list[Percentile | None]

    def __len__(self) -> int:
        """How many steps."""
        return len(self.arrivals)

    @property
    def good(self) -> Floats:
        """Requests answered as expected and in time."""
        return self.outcomes[Outcome.GOOD]

    @property
    def slow(self) -> Floats:
        """Requests answered as expected, but late."""
        return self.outcomes[Outcome.SLOW]

    @property
    def failed(self) -> Floats:
        """All other requests."""
        return np.sum([v for o, v in self.outcomes.items() if o not in AS_EXPECTED], axis=0)


@dataclass(frozen=True)
class Curve:
    """The distribution of latency: `share[i]` of all requests were answered within `ms[i]`."""

    ms: Floats
    share: Floats
    coverage: float
    """Share of requests that got an answer; where the curve ends."""
    timeout_ms: float
    p99: Percentile | None


@dataclass(frozen=True)
class InstanceRow:
    """What one instance answered; `instance` is None for requests whose answer named none.

    `latency` holds percentiles of the answered ones.
    """

    instance: str | None
    zones: list[str]
    versions: list[str]
    requests: int
    good: int
    latency: dict[str, Percentile | None]


def seconds_of(run: RunSummary, table: RequestTable) -> float:
    """How long it took from the first phase's start until the last request had ended."""
    if not len(table):
        return sum(phase.duration_s for phase in run.profile.phases)
    return max(0.0, float(table.ended_ms.max()) - _began_ms(run)) / 1000


def step_for(seconds: float, most: int) -> int:
    """The smallest round step with which at most `most` of them cover that time."""
    for step in STEPS_S:
        if seconds <= step * most:
            return step
    return int(np.ceil(seconds / most / 3600)) * 3600


def course(run: RunSummary, table: RequestTable, step_s: int) -> Course:
    """The run in steps of that length, from its first phase on."""
    began, steps = _began_ms(run), int(seconds_of(run, table) // step_s) + 1

    def rate(times_ms: Floats) -> Floats:
        return np.bincount(_index(times_ms, began, step_s), minlength=steps)[:steps] / step_s

    _, first = np.unique(table.user.codes, return_index=True)
    ended = table.ended_ms
    begun = _index(table.start_ms, began, step_s)
    values, timeout_ms = _latency(table), run.scenario.timeout_s * 1000
    return Course(
        step_s=step_s,
        arrivals=rate(table.arrived_ms[first]),
        outcomes={o: rate(ended[table.is_(o)]) for o in Outcome},
        median=[_percentile(group, 0.5, timeout_ms) for group in _groups(begun, values, steps)],
        p99=[_percentile(group, 0.99, timeout_ms) for group in _groups(begun, values, steps)],
    )


def curve(run: RunSummary, table: RequestTable) -> Curve:
    """The distribution of all requests' latency; it never reaches 1 where some went unanswered."""
    values, timeout_ms = np.sort(_latency(table)), run.scenario.timeout_s * 1000
    total, answered = len(values), int(np.isfinite(values).sum())
    ranks = _ranks(answered)
    return Curve(
        ms=np.minimum(values[ranks], timeout_ms),
        share=(ranks + 1) / max(total, 1),
        coverage=answered / total if total else 0.0,
        timeout_ms=timeout_ms,
        p99=_percentile(values, 0.99, timeout_ms),
    )


def _ranks(count: int) -> Indexes:
    """Ranks that draw a curve of `count` values: evenly spread, and more where it flattens."""
    if not count:
        return np.zeros(0, dtype=np.int64)
    even = np.linspace(0, count - 1, CURVE_POINTS)
    tail = count - np.geomspace(1, max(count / 20, 1), CURVE_POINTS // 4)
    return np.unique(np.clip(np.round([*even, *tail]), 0, count - 1).astype(np.int64))


def failed_users(table: RequestTable) -> tuple[NDArray[np.bool_], Floats]:
    """Of each user, whether a request went wrong, and when the user arrived (epoch ms)."""
    users, first, user = np.unique(table.user.codes, return_index=True, return_inverse=True)
    failed = np.zeros(len(users), dtype=bool)
    failed[user[~table.is_(*AS_EXPECTED)]] = True
    return failed, table.arrived_ms[first]


def instances(run: RunSummary, table: RequestTable | None) -> list[InstanceRow]:
    """One row per instance that answered, then one for the requests whose answer named none.

    Without the single requests, what the summary tells of instances.
    """
    if table is None:
        return [
            InstanceRow(
                one.instance,
                [one.zone] if one.zone else [],
                one.versions,
                one.answers,
                one.good,
                {},
            )
            for one in run.instances
        ]
    named = sorted(range(len(table.instance.labels)), key=lambda code: table.instance.labels[code])
    groups = [(code, table.instance.codes == code) for code in (*named, -1)]
    return [_instance(run, table, code, mine) for code, mine in groups if mine.any()]


def _instance(
    run: RunSummary, table: RequestTable, code: int, mine: NDArray[np.bool_]
) -> InstanceRow:
    answered = _latency(table)[mine]
    ordered = np.sort(answered[np.isfinite(answered)])
    timeout_ms = run.scenario.timeout_s * 1000
    return InstanceRow(
        instance=table.instance.labels[code] if code >= 0 else None,
        zones=_labels(table.zone, mine),
        versions=_labels(table.version, mine),
        requests=int(mine.sum()),
        good=int((mine & table.is_(Outcome.GOOD)).sum()),
        latency={name: _percentile(ordered, q, timeout_ms) for name, q in QUANTILES.items()},
    )


def _labels(column: Category, rows: NDArray[np.bool_]) -> list[str]:
    return sorted(column.labels[code] for code in np.unique(column.codes[rows]) if code >= 0)


def _began_ms(run: RunSummary) -> float:
    return run.load_began_at.timestamp() * 1000


def _index(times_ms: Floats, began_ms: float, step_s: int) -> Indexes:
    # What began a moment before its phase did belongs to its first step.
    return np.maximum((times_ms - began_ms) // (1000 * step_s), 0).astype(np.int64)


def _latency(table: RequestTable) -> Floats:
    """Time to first byte, infinite where no answer came."""
    answered = np.isin(table.outcome, [OUTCOMES.index(o) for o in ANSWERED])
    return np.where(answered & ~np.isnan(table.ttfb_ms), table.ttfb_ms, np.inf)


def _groups(index: Indexes, values: Floats, steps: int) -> Iterator[Floats]:
    """The values of each step, sorted."""
    order = np.lexsort((values, index))
    edges = np.searchsorted(index[order], np.arange(steps + 1))
    for left, right in itertools.pairwise(edges):
        yield values[order[left:right]]


def _percentile(ordered: Floats, q: float, timeout_ms: float) -> Percentile | None:
    if not len(ordered):
        return None
    value = float(ordered[int(np.ceil(q * len(ordered))) - 1])
    if np.isinf(value):
        return Percentile(value_ms=timeout_ms, at_least=True)
    return Percentile(value_ms=round(value, 3))
