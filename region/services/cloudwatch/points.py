"""Data points of one metric: what was measured when, and how many there may be.

Memory is bounded: what is older is kept more coarsely, as CloudWatch does, and a series has at most
`MOST_POINTS`. A point that stands for several values keeps how often each was seen, at most
`MOST_VALUES` of them and beyond that to one percent, so that percentiles can be computed.
"""

from __future__ import annotations

import bisect
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

MOST_POINTS = 1000
MOST_VALUES = 150
"""As many as PutMetricData takes of one datum."""
_COARSER = ((15 * 60, 60), (86_400, 300), (7 * 86_400, 3600))
"""Points older than the first number of seconds are joined into periods of the second."""
KEEP_S = 455 * 86_400
"""How long the coarsest data points are kept (GetMetricStatistics, API reference)."""
_BINS_PER_E = 100.0
_NUMBERS = 6


@dataclass(slots=True)
class Point:
    """Samples of one time.

    Attributes:
        at: When they were measured, in epoch seconds; of joined points, the period's start.
        count: How many there are.
        total: Their sum.
        least: The smallest.
        most: The largest.
        values: How often each value occurs; None if they are all the same, or unknown.
        lag: How far in the past they were when they were put, in seconds.
    """

    at: float
    count: float
    total: float
    least: float
    most: float
    values: dict[float, float] | None = None
    lag: float = 0.0

    def distribution(self) -> dict[float, float] | None:
        """Return how often each value occurs; None if that is unknown."""
        if self.values is None and self.least == self.most:
            return {self.least: self.count}
        return self.values

    def numbers(self) -> tuple[float, ...]:
        """Return what all points have, in the order of the attributes but for `values`."""
        return (self.at, self.count, self.total, self.least, self.most, self.lag)

    def join(self, other: Point) -> None:
        """Take the samples of another point in."""
        mine, theirs = self.distribution(), other.distribution()
        self.values = None
        if (
            mine is not None
            and theirs is not None
            and (len(mine) > 1 or mine.keys() != theirs.keys())
        ):
            self.values = _limited([*mine.items(), *theirs.items()])
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)
        self.lag = max(self.lag, other.lag)


def of_values(at: float, values: Mapping[float, float], lag: float = 0.0) -> Point:
    """Return the point of values and how often each occurs; there is at least one."""
    return Point(
        at,
        sum(values.values()),
        sum(value * count for value, count in values.items()),
        min(values),
        max(values),
        _limited(values.items()) if len(values) > 1 else None,
        lag,
    )


def of_samples(at: float, samples: Iterable[float]) -> Point:
    """Return the point of single samples; there is at least one."""
    counted: dict[float, float] = {}
    for sample in samples:
        counted[sample] = counted.get(sample, 0.0) + 1.0
    return of_values(at, counted)


def joined(points: Iterable[Point], at: float) -> Point | None:
    """Return one point of all samples, None of none; the points stay as they are."""
    found: Point | None = None
    for point in points:
        if found is None:
            copied = None if point.values is None else dict(point.values)
            found = Point(at, point.count, point.total, point.least, point.most, copied, point.lag)
        else:
            found.join(point)
    return found


def _limited(items: Iterable[tuple[float, float]]) -> dict[float, float]:
    counted: dict[float, float] = {}
    for value, count in items:
        counted[value] = counted.get(value, 0.0) + count
    if len(counted) <= MOST_VALUES:
        return counted
    rounded: dict[float, float] = {}
    for value, count in counted.items():
        near = _to_a_percent(value)
        rounded[near] = rounded.get(near, 0.0) + count
    return rounded


def _to_a_percent(value: float) -> float:
    if value == 0:
        return 0.0
    size = math.exp(round(math.log(abs(value)) * _BINS_PER_E) / _BINS_PER_E)
    return math.copysign(size, value)


@dataclass(slots=True)
class Series:
    """The data points of one metric with one unit, oldest first.

    Attributes:
        high_resolution: Whether any of them was put with a storage resolution of one second.
        rate: Whether they count what happens in real time, such as requests, so that a period of
            AWS, which is shorter here, sees proportionally fewer.
        per_period: Whether each sample is such a count of a whole period.
        own: Whether the region published them itself.
        written: When the last one was put, in epoch seconds.
    """

    points: list[Point] = field(default_factory=list[Point])
    high_resolution: bool = False
    rate: bool = False
    per_period: bool = False
    own: bool = False
    written: float = 0.0

    def add(self, point: Point, now: float) -> None:
        """Keep a point; one of the same time is joined with it."""
        place = bisect.bisect_left(self.points, point.at, key=_time)
        if place < len(self.points) and self.points[place].at == point.at:
            self.points[place].join(point)
        else:
            self.points.insert(place, point)
        self.written = now
        if len(self.points) > MOST_POINTS:
            self._compact(now)

    def between(self, start: float, end: float) -> Iterator[Point]:
        """Yield the points from `start` (inclusive) to `end` (exclusive)."""
        first = bisect.bisect_left(self.points, start, key=_time)
        for place in range(first, len(self.points)):
            point = self.points[place]
            if point.at >= end:
                return
            yield point

    @property
    def newest(self) -> float:
        """The time of the newest point; minus infinity without any."""
        return self.points[-1].at if self.points else -math.inf

    def __reduce__(self) -> tuple[object, ...]:
        """Reduce to a few values: a state is saved with every call, and points are many."""
        numbers = array(
            "d", [number for point in self.points for number in point.numbers()]
        ).tobytes()
        values = {
            place: point.values
            for place, point in enumerate(self.points)
            if point.values is not None
        }
        flags = (self.high_resolution, self.rate, self.per_period, self.own)
        return (_series, (numbers, values, flags, self.written))

    def _compact(self, now: float) -> None:
        kept = [point for point in self.points if point.at >= now - KEEP_S]
        for age, width in _COARSER:
            kept = _coarser(kept, now - age, width)
        width = 60.0
        while len(kept) > MOST_POINTS // 2:
            kept = _coarser(kept, math.inf, width)
            width *= 2
        self.points = kept


def _series(
    numbers: bytes,
    values: Mapping[int, dict[float, float]],
    flags: tuple[bool, bool, bool, bool],
    written: float,
) -> Series:
    """Restore a series that was reduced."""
    flat = array("d", numbers)
    points = [
        Point(at, count, total, least, most, values.get(place), lag)
        for place, (at, count, total, least, most, lag) in enumerate(
            zip(*[iter(flat)] * _NUMBERS, strict=True)
        )
    ]
    return Series(points, *flags, written)


def _coarser(points: list[Point], before: float, width: float) -> list[Point]:
    result: list[Point] = []
    for point in points:
        if point.at >= before:
            result.append(point)
            continue
        start = math.floor(point.at / width) * width
        if result and result[-1].at == start:
            result[-1].join(point)
        else:
            point.at = start
            result.append(point)
    return result


def _time(point: Point) -> float:
    return point.at
