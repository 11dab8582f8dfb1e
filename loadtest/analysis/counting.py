"""Counts of a run's requests by outcome, endpoint, instance and second, with percentiles.

Everything works on the columns of a `RequestTable`; a run of 54,000 requests takes milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from loadtest.analysis import columns
from loadtest.analysis.percentiles import percentile_interval
from loadtest.array_types import Flags, Floats, Ints, Times
from loadtest.models import (
    EndpointRecord,
    InstanceRecord,
    Latency,
    Percentile,
    PercentileInterval,
    PerSecondCounts,
    Requests,
    Users,
)
from loadtest.outcomes import Outcome
from loadtest.runs.table import OUTCOMES, Category, RequestTable
from loadtest.scenario import flows


def requests(table: RequestTable, among: Flags | None = None) -> Requests:
    """Count requests by outcome, error code and HTTP status. Every class is present, possibly with 0.

    `among` selects the rows to count; all by default.
    """
    rows = _all(table) if among is None else among
    found = np.bincount(table.outcome[rows], minlength=len(OUTCOMES))
    statuses = np.unique(table.status[rows & (table.status > 0)], return_counts=True)
    return Requests(
        total=int(rows.sum()),
        outcomes={outcome: int(found[code]) for code, outcome in enumerate(OUTCOMES)},
        errors=_by_label(table.error, rows),
        statuses={str(status): int(count) for status, count in zip(*statuses, strict=True)},
        unsent=int((rows & ~table.sent).sum()),
    )


def _all(table: RequestTable) -> Flags:
    return np.ones(len(table), dtype=np.bool_)


def _by_label(column: Category, rows: Flags) -> dict[str, int]:
    codes = column.codes[rows]
    found = np.bincount(codes[codes >= 0], minlength=len(column.labels))
    return dict(sorted((column.labels[code], int(n)) for code, n in enumerate(found) if n))


def users(
    table: RequestTable,
    requests_per_user: int,
    journeys: Sequence[Sequence[str]] | None = None,
) -> Users:
    """Count virtual users from their requests, for a run without Artillery's own report.

    A user completed if all requests of one of the `journeys` were answered as expected or, if these
    are unknown, as many as the longest flow has. One who neither failed nor completed was interrupted.
    """
    found = columns.users(table)
    good = ~columns.failures(table)
    if journeys is None:
        answers = np.bincount(table.user.codes[good], minlength=len(table.user.labels))
        completed = answers >= requests_per_user
    else:
        completed = _completed(table, good, journeys)
    return Users(
        created=len(found.codes),
        completed=int((completed[found.codes] & ~found.failed).sum()),
        failed=int(found.failed.sum()),
        skipped=0,
    )


def _completed(table: RequestTable, rows: Flags, journeys: Sequence[Sequence[str]]) -> Flags:
    """Return which users completed one of the journeys."""
    visited: list[list[str]] = [[] for _ in table.user.labels]
    labels = table.endpoint.labels
    for user, endpoint in zip(table.user.codes[rows], table.endpoint.codes[rows], strict=True):
        visited[user].append(labels[endpoint])
    return np.array(
        [any(flows.completes(steps, journey) for journey in journeys) for steps in visited],
        dtype=bool,
    )


def latency(table: RequestTable, timeout_s: float, among: Flags | None = None) -> Latency:
    """Return percentiles of the time to first byte: of the answered requests, and of all (censored).

    A percentile is an observed value (nearest rank), so both agree if every request was answered.
    """
    rows = _all(table) if among is None else among
    total = int(rows.sum())
    everything = columns.latencies(table)
    timeout_ms = timeout_s * 1000
    answered = everything[rows & columns.answered(table)]
    return Latency(
        coverage=len(answered) / total if total else 0.0,
        answered=_percentiles(answered, timeout_ms),
        censored=_percentiles(everything[rows], timeout_ms),
        intervals=_intervals(everything[rows], table.start_ms[rows], timeout_ms),
    )


def _percentiles(values: Floats, timeout_ms: float) -> dict[str, Percentile] | None:
    found = {
        name: columns.percentile(values, q, timeout_ms) for name, q in columns.QUANTILES.items()
    }
    return {name: one for name, one in found.items() if one is not None} or None


def _intervals(
    values: Floats, times_ms: Floats, timeout_ms: float
) -> dict[str, PercentileInterval]:
    found = {
        name: percentile_interval(values, times_ms, q) for name, q in columns.QUANTILES.items()
    }
    return {
        name: PercentileInterval(
            low=columns.limited(interval.low, timeout_ms),
            high=columns.limited(interval.high, timeout_ms) if interval.high < math.inf else None,
        )
        for name, interval in found.items()
        if interval.known
    }


def endpoints(table: RequestTable, timeout_s: float) -> list[EndpointRecord]:
    """Count requests and latency per endpoint, in the order of their first request."""
    masks = [(name, table.endpoint.mask(name)) for name in table.endpoint.labels]
    return [
        EndpointRecord(
            name=name,
            requests=requests(table, rows),
            latency=latency(table, timeout_s, rows),
        )
        for name, rows in sorted(masks, key=lambda one: int(np.argmax(one[1])))
    ]


def instances(table: RequestTable) -> list[InstanceRecord]:
    """Count what each instance answered, without responses that name none (the load balancer's own)."""
    good, slow = table.is_(Outcome.GOOD), table.is_(Outcome.SLOW)
    masks = [(name, table.instance.mask(name)) for name in sorted(table.instance.labels)]
    return [
        InstanceRecord(
            instance=name,
            zone=next(iter(columns.labels(table.zone, rows)), None),
            versions=sorted(columns.labels(table.version, rows)),
            answers=int(rows.sum()),
            good=int((rows & good).sum()),
            slow=int((rows & slow).sum()),
        )
        for name, rows in masks
    ]


def arrivals_ms(table: RequestTable) -> Floats:
    """Return when each virtual user was started (epoch ms), in order."""
    return np.sort(columns.users(table).arrived_ms)


def series(table: RequestTable, began_ms: float) -> PerSecondCounts:
    """Count per second since `began_ms` (epoch): users by arrival, requests by outcome and end."""
    good, slow = table.is_(Outcome.GOOD), table.is_(Outcome.SLOW)
    ended = table.ended_ms
    times = (arrivals_ms(table), ended[good], ended[slow], ended[~(good | slow)])
    seconds = [_seconds(each, began_ms) for each in times]
    length = max((int(s.max()) + 1 for s in seconds if len(s)), default=0)
    arrivals, *answers = (np.bincount(s, minlength=length).tolist() for s in seconds)
    return PerSecondCounts(arrivals=arrivals, good=answers[0], slow=answers[1], failed=answers[2])


def _seconds(times_ms: Floats, began_ms: float) -> Ints:
    return np.maximum(np.floor((times_ms - began_ms) / 1000), 0).astype(np.int64)


def schedule_lag(table: RequestTable, planned_s: Times, began_ms: float) -> Times:
    """Return how late each user arrived, in ms: the k-th arrival against the k-th planned one.

    Negative is early. Users that a run cut short never started are left out.
    """
    arrived = arrivals_ms(table)
    count = min(len(arrived), len(planned_s))
    return arrived[:count] - began_ms - planned_s[:count] * 1000
