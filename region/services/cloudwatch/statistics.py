"""Statistics of a data point: averages, percentiles, trimmed means and their kin.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from region.services.cloudwatch.points import Point

SIMPLE: dict[str, Callable[[Point], float]] = {
    "SampleCount": lambda point: point.count,
    "Sum": lambda point: point.total,
    "Average": lambda point: point.total / point.count,
    "Minimum": lambda point: point.least,
    "Maximum": lambda point: point.most,
}
_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{0,10})?|100(?:\.0{0,10})?)", re.IGNORECASE)
_RANGE = re.compile(r"(PR|TM|WM|TC|TS)\(([0-9.]*)(%?):([0-9.]*)(%?)\)", re.IGNORECASE)
PERCENTILE = "p"
Weighted = list[tuple[float, float]]
"""Values and how often each occurs, in ascending order."""


class UnknownStatisticError(ValueError):
    """CloudWatch has no such statistic."""


@dataclass(frozen=True, slots=True)
class Extended:
    """A percentile, a trimmed mean and so on.

    Attributes:
        kind: `p`, `tm`, `wm`, `tc`, `ts` or `pr`.
        low: From which percentile, or value; None from the smallest.
        high: To which percentile, or value; None to the largest.
        by_value: Whether the limits are values.
    """

    kind: str
    low: float | None
    high: float | None
    by_value: bool = False


def extended(name: str) -> Extended:
    """Read the name of an extended statistic.

    Raises:
        UnknownStatisticError: It is none.
    """
    if name == "IQM":
        return Extended("tm", 25.0, 75.0)
    short = _SHORT.fullmatch(name)
    if short:
        return Extended(short[1].lower(), None, float(short[2]))
    ranged = _RANGE.fullmatch(name)
    if ranged and (ranged[2] or ranged[4]):
        kind = ranged[1].lower()
        by_value = not (ranged[3] or ranged[5])
        if kind != "pr" or by_value:
            low = float(ranged[2]) if ranged[2] else None
            high = float(ranged[4]) if ranged[4] else None
            if by_value or max(low or 0.0, high or 0.0) <= 100:
                return Extended(kind, low, high, by_value)
    raise UnknownStatisticError(name)


def is_known(name: str) -> bool:
    """Return whether CloudWatch has this statistic."""
    if name in SIMPLE:
        return True
    try:
        extended(name)
    except (UnknownStatisticError, ValueError):
        return False
    return True


def value_of(point: Point, name: str) -> float | None:
    """Return a statistic of a point; None if its samples are unknown, as of statistic sets.

    Raises:
        UnknownStatisticError: CloudWatch has no such statistic.
    """
    if name in SIMPLE:
        return SIMPLE[name](point)
    wanted = extended(name)
    distribution = point.distribution()
    if distribution is None:
        return None
    items = sorted(distribution.items())
    if wanted.kind == PERCENTILE:
        return percentile(items, wanted.high or 0.0)
    if wanted.by_value:
        return _within_values(items, wanted)
    return _within_percentiles(items, wanted)


def percentile(items: Weighted, share: float) -> float:
    """Return the value that `share` percent of the samples do not exceed."""
    wanted = sum(count for _, count in items) * share / 100.0
    seen = 0.0
    for value, count in items:
        seen += count
        if seen >= wanted - 1e-9:
            return value
    return items[-1][0]


def _within_values(items: Weighted, wanted: Extended) -> float | None:
    low = -float("inf") if wanted.low is None else wanted.low
    high = float("inf") if wanted.high is None else wanted.high
    kept = [(value, count) for value, count in items if low < value <= high]
    if wanted.kind == "pr":
        return 100.0 * _count(kept) / _count(items)
    if wanted.kind == "wm":
        kept = [(min(max(value, low), high), count) for value, count in items]
    return _summary(wanted.kind, kept)


def _within_percentiles(items: Weighted, wanted: Extended) -> float | None:
    """Keep the samples between two percentiles; those at the limits in part."""
    total = _count(items)
    low = total * (wanted.low or 0.0) / 100.0
    high = total * (100.0 if wanted.high is None else wanted.high) / 100.0
    kept: Weighted = []
    seen = 0.0
    for value, count in items:
        inside = min(seen + count, high) - max(seen, low)
        if inside > 1e-9:
            kept.append((value, inside))
        seen += count
    if wanted.kind == "wm" and kept:
        kept = [(kept[0][0], low), *kept, (kept[-1][0], total - high)]
    return _summary(wanted.kind, kept)


def _summary(kind: str, kept: Weighted) -> float | None:
    count = _count(kept)
    if kind == "tc":
        return count
    total = sum(value * times for value, times in kept)
    if kind == "ts":
        return total
    return total / count if count else None


def _count(items: Weighted) -> float:
    return sum(count for _, count in items)
