"""Percentiles that were not shown to be within their limits, and whether one cause explains them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from loadtest.analysis.slo import LatencyLimits, Slo, shown
from loadtest.models import EndpointRecord, Latency

Explanation = TypeVar("Explanation")


@dataclass(frozen=True)
class MissedPercentile:
    """A percentile that was not shown to be within its limit, of all requests or of an endpoint's."""

    percentile: str
    limit_ms: float
    endpoint: str | None = None
    certain: bool = True
    """Whether it was shown to be beyond it."""


def missed_percentiles(
    slo: Slo, latency: Latency, endpoints: Sequence[EndpointRecord]
) -> list[MissedPercentile]:
    """Return the percentiles whose interval is not within what was promised."""
    promises: list[tuple[str | None, LatencyLimits, Latency]] = [(None, slo.latency_ms, latency)]
    promises += [
        (one.name, slo.endpoints[one.name].latency_ms, one.latency)
        for one in endpoints
        if one.name in slo.endpoints
    ]
    return [
        MissedPercentile(name, limit, endpoint, certain=shown(interval, limit) is False)
        for endpoint, limits, found in promises
        for name, limit in limits.items()
        if (interval := (found.intervals or {}).get(name)) and shown(interval, limit) is not True
    ]


def all_explained(found: Iterable[Explanation | None]) -> Explanation | None:
    """Return the first of the explanations of missed percentiles; None if one of them has none.

    What cannot be explained breaks the promise, whatever else can.
    """
    explanations = list(found)
    return None if None in explanations else next(iter(explanations), None)
