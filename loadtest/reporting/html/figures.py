"""What charts and tables show beyond a run's summary, computed from its individual requests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadtest.analysis import columns
from loadtest.analysis.columns import MAIN_QUANTILES, percentile
from loadtest.array_types import Flags, Floats, Ints
from loadtest.models import Percentile, RunSummary
from loadtest.outcomes import FAILED, Outcome
from loadtest.runs.table import RequestTable

STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""Lengths of the steps in which a chart counts."""

CURVE_POINTS = 240
"""Points of a distribution's curve; its tail gets a quarter as many in addition."""


@dataclass(frozen=True)
class TimeSeries:
    """A run in equal steps of time. Rates are per second."""

    step_s: int
    arrivals: Floats
    """Users, by the time of their arrival."""
    outcomes: dict[Outcome, Floats]
    """Requests, by the time of their end."""
    median: list[Percentile | None]
    """Of the requests that began in a step; unanswered ones count as slower than all others."""
    p99: list[Percentile | None]

    def __len__(self) -> int:
        """Return the number of steps."""
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
        return np.sum([v for o, v in self.outcomes.items() if o in FAILED], axis=0)


@dataclass(frozen=True)
class LatencyDistribution:
    """The distribution of latency: `share[i]` of all requests were answered within `ms[i]`."""

    ms: Floats
    share: Floats
    coverage: float
    """Share of requests that got an answer, where the curve ends."""
    timeout_ms: float
    p99: Percentile | None


@dataclass(frozen=True)
class InstanceRow:
    """One instance's requests; `instance` is None for those whose answer named none.

    `latency` contains percentiles of the answered requests.
    """

    instance: str | None
    zones: list[str]
    versions: list[str]
    requests: int
    good: int
    latency: dict[str, Percentile | None]


def duration_s(run: RunSummary, table: RequestTable) -> float:
    """Return the time from the start of the first phase to the end of the last request."""
    if not len(table):
        return sum(phase.duration_s for phase in run.profile.phases)
    return max(0.0, float(table.ended_ms.max()) - _began_ms(run)) / 1000


def step_for(seconds: float, most: int) -> int:
    """Return the smallest round step of which at most `most` cover that time."""
    for step in STEPS_S:
        if seconds <= step * most:
            return step
    return int(np.ceil(seconds / most / 3600)) * 3600


def time_series(run: RunSummary, table: RequestTable, step_s: int) -> TimeSeries:
    """Return the run in steps of that length, from its first phase on."""
    began, steps = _began_ms(run), int(duration_s(run, table) // step_s) + 1

    def rate(times_ms: Floats) -> Floats:
        return np.bincount(_index(times_ms, began, step_s), minlength=steps)[:steps] / step_s

    ended = table.ended_ms
    begun = _index(table.start_ms, began, step_s)
    values, timeout_ms = columns.latencies(table), run.scenario.timeout_s * 1000
    return TimeSeries(
        step_s=step_s,
        arrivals=rate(columns.users(table).arrived_ms),
        outcomes={o: rate(ended[table.is_(o)]) for o in Outcome},
        median=[percentile(group, 0.5, timeout_ms) for group in _groups(begun, values, steps)],
        p99=[percentile(group, 0.99, timeout_ms) for group in _groups(begun, values, steps)],
    )


def distribution(run: RunSummary, table: RequestTable) -> LatencyDistribution:
    """Return the distribution of all requests' latency; below 1 at its end if some got no answer."""
    values, timeout_ms = np.sort(columns.latencies(table)), run.scenario.timeout_s * 1000
    total, answered = len(values), int(np.isfinite(values).sum())
    ranks = _ranks(answered)
    return LatencyDistribution(
        ms=np.minimum(values[ranks], timeout_ms),
        share=(ranks + 1) / max(total, 1),
        coverage=answered / total if total else 0.0,
        timeout_ms=timeout_ms,
        p99=percentile(values, 0.99, timeout_ms),
    )


def _ranks(count: int) -> Ints:
    """Return the ranks to draw of `count` values: evenly spread, and more where the curve is flat."""
    if not count:
        return np.zeros(0, dtype=np.int64)
    even = np.linspace(0, count - 1, CURVE_POINTS)
    tail = count - np.geomspace(1, max(count / 20, 1), CURVE_POINTS // 4)
    return np.unique(np.clip(np.round([*even, *tail]), 0, count - 1).astype(np.int64))


def instances(run: RunSummary, table: RequestTable | None) -> list[InstanceRow]:
    """Return a row per instance that answered, then one for requests whose answer named none.

    Without the single requests, the rows hold what the summary has about instances.
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


def _instance(run: RunSummary, table: RequestTable, code: int, mine: Flags) -> InstanceRow:
    answered = columns.latencies(table)[mine]
    finite = answered[np.isfinite(answered)]
    timeout_ms = run.scenario.timeout_s * 1000
    return InstanceRow(
        instance=table.instance.labels[code] if code >= 0 else None,
        zones=sorted(columns.labels(table.zone, mine)),
        versions=sorted(columns.labels(table.version, mine)),
        requests=int(mine.sum()),
        good=int((mine & table.is_(Outcome.GOOD)).sum()),
        latency={name: percentile(finite, q, timeout_ms) for name, q in MAIN_QUANTILES.items()},
    )


def _began_ms(run: RunSummary) -> float:
    return run.load_began_at.timestamp() * 1000


def _index(times_ms: Floats, began_ms: float, step_s: int) -> Ints:
    # A request that began a moment before its phase belongs to the first step.
    return np.maximum((times_ms - began_ms) // (1000 * step_s), 0).astype(np.int64)


def _groups(index: Ints, values: Floats, steps: int) -> Iterator[Floats]:
    """Yield the values of each step, sorted."""
    order = np.lexsort((values, index))
    edges = np.searchsorted(index[order], np.arange(steps + 1))
    for left, right in itertools.pairwise(edges):
        yield values[order[left:right]]
