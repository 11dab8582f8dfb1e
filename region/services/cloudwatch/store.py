"""All metrics of the region, by namespace, name and dimensions. Thread-safe."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from region.services.cloudwatch.points import Point, Series, joined

MOST_METRICS = 5000
"""Beyond it the metric that was written longest ago is forgotten."""
LISTED_S = 14 * 86_400
"""ListMetrics lists the metrics of the last two weeks."""
NO_UNIT = "None"

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """What identifies a metric."""

    namespace: str
    name: str
    dimensions: Dimensions = ()


def metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
    """Return a metric; the order of its dimensions does not matter."""
    return Metric(namespace, name, tuple(sorted(dimensions.items())))


class MetricStore:
    """The data points of all metrics, a series for each unit.

    Attributes:
        series: By metric and unit.
    """

    def __init__(self) -> None:
        self.series: dict[Metric, dict[str, Series]] = {}
        self._lock = threading.RLock()

    def add(
        self,
        which: Metric,
        point: Point,
        unit: str = NO_UNIT,
        *,
        high_resolution: bool = False,
        rate: bool = False,
        per_period: bool = False,
        own: bool = False,
    ) -> None:
        """Keep a point of a metric."""
        now = time.time()
        with self._lock:
            units = self.series.get(which)
            if units is None:
                if len(self.series) >= MOST_METRICS:
                    self._forget_oldest()
                units = self.series[which] = {}
            found = units.get(unit)
            if found is None:
                found = units[unit] = Series(rate=rate, per_period=per_period, own=own)
            found.high_resolution |= high_resolution
            found.add(point, now)

    def between(
        self, which: Metric, start: float, end: float, unit: str | None = None
    ) -> list[Point]:
        """Return copies of a metric's points from `start` (inclusive) to `end` (exclusive)."""
        with self._lock:
            found = [
                Point(p.at, p.count, p.total, p.least, p.most, p.distribution(), p.lag)
                for series in self._of(which, unit)
                for p in series.between(start, end)
            ]
        return sorted(found, key=lambda point: point.at)

    def buckets(
        self, which: Metric, start: float, end: float, width: float, unit: str | None = None
    ) -> dict[int, Point]:
        """Join a metric's points into periods of `width` seconds, numbered from `start`."""
        parts: dict[int, list[Point]] = {}
        with self._lock:
            for series in self._of(which, unit):
                for point in series.between(start, end):
                    # A point's time may be a rounding error before its period's start.
                    number = int((point.at - start) / width + 1e-6)
                    parts.setdefault(number, []).append(point)
            found = {
                number: joined(points, start + number * width) for number, points in parts.items()
            }
        return {number: point for number, point in found.items() if point is not None}

    def unit_of(self, which: Metric, unit: str | None = None) -> str:
        """Return the unit of a metric's newest series."""
        if unit:
            return unit
        with self._lock:
            units = self.series.get(which, {})
            return max(units, key=lambda name: units[name].newest, default=NO_UNIT)

    def scaled(self, which: Metric, stat: str) -> bool:
        """Return whether a statistic of a metric counts what happens in real time."""
        with self._lock:
            series = list(self.series.get(which, {}).values())
            if any(one.per_period for one in series):
                return stat != "SampleCount"
            return stat in {"Sum", "SampleCount"} and any(one.rate for one in series)

    def is_rate(self, which: Metric) -> bool:
        """Return whether each of a metric's samples happened in real time."""
        with self._lock:
            series = self.series.get(which, {}).values()
            return any(one.rate and not one.per_period for one in series)

    def is_high_resolution(self, which: Metric) -> bool:
        """Return whether a metric has points of a storage resolution of one second."""
        with self._lock:
            return any(series.high_resolution for series in self.series.get(which, {}).values())

    def is_own(self, which: Metric) -> bool:
        """Return whether only the region has put points of a metric."""
        with self._lock:
            return all(series.own for series in self.series.get(which, {}).values())

    def listed(self, since: float) -> list[Metric]:
        """Return the metrics that were written since then, in epoch seconds."""
        with self._lock:
            return [
                which
                for which, units in self.series.items()
                if any(series.written >= since for series in units.values())
            ]

    def _of(self, which: Metric, unit: str | None) -> Iterable[Series]:
        units = self.series.get(which, {})
        if unit:
            return [units[unit]] if unit in units else []
        return list(units.values())

    def _forget_oldest(self) -> None:
        oldest = min(
            self.series, key=lambda which: max(s.written for s in self.series[which].values())
        )
        del self.series[oldest]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what the region itself measures: it will measure again."""
        with self._lock:
            return {
                "series": {
                    which: put
                    for which, units in self.series.items()
                    if (put := {unit: one for unit, one in units.items() if not one.own})
                }
            }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what clients have put."""
        self.series = state["series"]
        self._lock = threading.RLock()
