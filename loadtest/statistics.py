"""From single exchanges to counts, shares, percentiles and series."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loadtest import flows
from loadtest.models import (
    EndpointRecord,
    InstanceRecord,
    Latency,
    Percentile,
    Requests,
    Series,
    Users,
)
from loadtest.outcomes import ANSWERED, Outcome
from loadtest.profiles import Times
from loadtest.recording import Exchange

QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def requests(exchanges: Sequence[Exchange]) -> Requests:
    """Counts requests by outcome, error code and HTTP status. Every class is there, if with 0."""
    found = Counter(exchange.outcome for exchange in exchanges)
    errors = Counter(e.error for e in exchanges if e.error is not None)
    statuses = Counter(str(e.status) for e in exchanges if e.status is not None)
    return Requests(
        total=len(exchanges),
        outcomes={outcome: found[outcome] for outcome in Outcome},
        errors=dict(sorted(errors.items())),
        statuses=dict(sorted(statuses.items())),
    )


def users(
    exchanges: Sequence[Exchange],
    requests_per_user: int,
    journeys: Sequence[Sequence[str]] | None = None,
) -> Users:
    """Counts virtual users from their requests, for a run that Artillery did not report on itself.

    Completed is who got all answers of one of the `journeys`, or, where these are not known, as many
    answers as the longest flow has requests; who neither failed nor completed was interrupted.
    """
    good: defaultdict[str, list[str]] = defaultdict(list)
    failed: set[str] = set()
    everyone: set[str] = set()
    for exchange in sorted(exchanges, key=lambda e: e.start_ms):
        everyone.add(exchange.user)
        if exchange.outcome is Outcome.GOOD:
            good[exchange.user].append(exchange.endpoint)
        else:
            failed.add(exchange.user)
    completed = sum(
        1
        for user, visited in good.items()
        if user not in failed and _through(visited, requests_per_user, journeys)
    )
    return Users(created=len(everyone), completed=completed, failed=len(failed), skipped=0)


def _through(
    visited: Sequence[str], requests_per_user: int, journeys: Sequence[Sequence[str]] | None
) -> bool:
    if journeys is None:
        return len(visited) >= requests_per_user
    return any(flows.completes(visited, journey) for journey in journeys)


def latency(exchanges: Sequence[Exchange], timeout_s: float) -> Latency:
    """Percentiles of the time to first byte, with what they cover, and their censored twins.

    A percentile is an observed value (nearest rank), so both kinds agree where all was answered.
    """
    answered = np.array(
        [e.ttfb_ms for e in exchanges if e.outcome in ANSWERED and e.ttfb_ms is not None]
    )
    total = len(exchanges)
    everything = np.concatenate([answered, np.full(total - len(answered), np.inf)])
    return Latency(
        coverage=len(answered) / total if total else 0.0,
        answered=_percentiles(answered, timeout_s),
        censored=_percentiles(everything, timeout_s),
    )


def _percentiles(values: NDArray[np.float64], timeout_s: float) -> dict[str, Percentile] | None:
    if not len(values):
        return None
    ordered = np.sort(values)
    ranks = {name: int(np.ceil(q * len(ordered))) - 1 for name, q in QUANTILES.items()}
    return {name: _percentile(float(ordered[rank]), timeout_s) for name, rank in ranks.items()}


def _percentile(value: float, timeout_s: float) -> Percentile:
    if np.isinf(value):
        return Percentile(value_ms=timeout_s * 1000, at_least=True)
    return Percentile(value_ms=round(value, 3))


def endpoints(exchanges: Sequence[Exchange], timeout_s: float) -> list[EndpointRecord]:
    """The same figures per endpoint, in the order of their first request."""
    groups: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in sorted(exchanges, key=lambda e: e.start_ms):
        groups[exchange.endpoint].append(exchange)
    return [
        EndpointRecord(name=name, requests=requests(group), latency=latency(group, timeout_s))
        for name, group in groups.items()
    ]


def instances(exchanges: Sequence[Exchange]) -> list[InstanceRecord]:
    """What each instance answered; answers that name none (a balancer's own) are left out."""
    groups: defaultdict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        if exchange.instance is not None:
            groups[exchange.instance].append(exchange)
    return [
        InstanceRecord(
            instance=instance,
            zone=next((e.zone for e in group if e.zone), None),
            versions=sorted({e.version for e in group if e.version}),
            answers=len(group),
            good=sum(e.outcome is Outcome.GOOD for e in group),
        )
        for instance, group in sorted(groups.items())
    ]


def series(exchanges: Sequence[Exchange], began_ms: float) -> Series:
    """Per second since `began_ms` (epoch): users who arrived, requests that ended well or not."""
    arrived = {e.user: e.arrived_ms for e in exchanges}
    good = [e.ended_ms for e in exchanges if e.outcome is Outcome.GOOD]
    failed = [e.ended_ms for e in exchanges if e.outcome is not Outcome.GOOD]
    seconds = [_seconds(times, began_ms) for times in (list(arrived.values()), good, failed)]
    length = max((int(s.max()) + 1 for s in seconds if len(s)), default=0)
    counts = [np.bincount(s, minlength=length).tolist() for s in seconds]
    return Series(arrivals=counts[0], good=counts[1], failed=counts[2])


def _seconds(times_ms: Sequence[float], began_ms: float) -> NDArray[np.int64]:
    elapsed = (np.array(times_ms, dtype=np.float64) - began_ms) / 1000
    return np.maximum(np.floor(elapsed), 0).astype(np.int64)


def schedule_lag(exchanges: Sequence[Exchange], planned_s: Times, began_ms: float) -> Times:
    """How late each user arrived, in ms: the k-th arrival against the k-th planned one.

    Negative is early. Users whom a run that was cut short never started are left out.
    """
    arrived = np.sort(np.array(list({e.user: e.arrived_ms for e in exchanges}.values())))
    count = min(len(arrived), len(planned_s))
    return arrived[:count] - began_ms - planned_s[:count] * 1000
