"""The data points that an alarm judges: which periods it looks at, and on which clock.

A period of an alarm is a waiting period of AWS, so the region's speed divides it: at speed 20, an alarm
with a period of 60 s has a data point every 3 s. This fits what the region measures and what clients put
as it happens. Data that a client puts with time stamps of the past, a minute apart, are not on that clock:
if an alarm has such data, its periods are as long as they are called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast
from zoneinfo import ZoneInfo

from region.services.cloudwatch import statistics
from region.services.cloudwatch.expressions import (
    Context,
    ExpressionError,
    Labelled,
    evaluate,
    parse,
)
from region.services.cloudwatch.periods import EVALUATION, HIGH_RESOLUTION_EVALUATION
from region.services.cloudwatch.points import Point
from region.services.cloudwatch.query_order import in_order
from region.services.cloudwatch.store import Metric, MetricStore, metric

MINUTE = 60
SHORTEST_S = 1.0
"""CloudWatch's finest resolution: no period is shorter, at any speed."""
_ARRIVAL_S = 90.0
"""How late, in seconds, data of the past may be judged as if it had just been put."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A data point of an alarm.

    Attributes:
        at: The start of its period, in epoch seconds.
        value: Its value.
        count: How many samples it stands for; 0 if unknown.
    """

    at: float
    value: float
    count: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """The periods that an alarm looks at.

    Attributes:
        end: The end of the newest, in epoch seconds.
        width: How long each is, in seconds of the computer's clock.
        period: How long it is called.
        count: How many there are.
    """

    end: float
    width: float
    period: int
    count: int

    @property
    def start(self) -> float:
        """The start of the oldest, in epoch seconds."""
        return self.end - self.count * self.width

    def at(self, place: int) -> float:
        """Return the start of a period by its place, 0 for the oldest."""
        return self.start + place * self.width

    @property
    def pace(self) -> float:
        """How many times shorter the periods are than they are called."""
        return self.period / self.width


def metrics_of(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an alarm's `Metrics`; of an alarm on one metric, as one query."""
    if settings.get("Metrics"):
        return cast("list[dict[str, Any]]", settings["Metrics"])
    stat = {
        "Metric": {key: settings.get(key) for key in ("Namespace", "MetricName", "Dimensions")},
        "Period": settings.get("Period"),
        "Stat": settings.get("Statistic") or settings.get("ExtendedStatistic"),
        "Unit": settings.get("Unit"),
    }
    return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]


def period_of(settings: Mapping[str, Any]) -> int:
    """Return an alarm's period in seconds."""
    for query in metrics_of(settings):
        period = (query.get("MetricStat") or {}).get("Period") or query.get("Period")
        if period:
            return int(period)
    return MINUTE


def metric_in(query: Mapping[str, Any]) -> Metric:
    """Return the metric of a query that has one."""
    named = query["MetricStat"]["Metric"]
    dimensions = {str(one["Name"]): str(one["Value"]) for one in named.get("Dimensions") or []}
    return metric(str(named.get("Namespace")), str(named.get("MetricName")), dimensions)


def interval_of(period: int, speed: float) -> float:
    """Return how often an alarm is evaluated, in seconds of the computer's clock.

    Every minute, with a period of less than a minute every 10 seconds ("Evaluating an alarm").
    """
    often = EVALUATION if period >= MINUTE else HIGH_RESOLUTION_EVALUATION
    return max(often.seconds / speed, SHORTEST_S / 2)


def window_of(
    settings: Mapping[str, Any], store: MetricStore, now: float, speed: float, count: int
) -> Window:
    """Return the periods that an alarm looks at now."""
    period = period_of(settings)
    past = _points_of_the_past(settings, store, now, speed=speed, count=count)
    if past:
        return _as_called(settings, past, now, count)
    width = max(period / speed, SHORTEST_S)
    step = width if _is_wall_clock(settings) else min(width, max(MINUTE / speed, SHORTEST_S))
    return Window(math.floor(now / step) * step, width, period, count)


def _points_of_the_past(
    settings: Mapping[str, Any], store: MetricStore, now: float, *, speed: float, count: int
) -> list[Point]:
    """Return the points, if any was put too late for the periods of the region's clock."""
    period = period_of(settings)
    length = (count + 1) * period
    start = now - length - _ARRIVAL_S
    # At a low speed a whole period is old enough: nobody puts what just happened so late.
    limit = min(length / speed, period) if speed > 1 else min(period, MINUTE)
    named = [metric_in(query) for query in metrics_of(settings) if query.get("MetricStat")]
    found = [
        point
        for which in named
        if not store.is_own(which)
        for point in store.between(which, start, now + period)
    ]
    return found if any(point.lag >= limit for point in found) else []


def _as_called(
    settings: Mapping[str, Any], points: Iterable[Point], now: float, count: int
) -> Window:
    """Return periods of their nominal length, up to when the data were put."""
    period = period_of(settings)
    step = period if _is_wall_clock(settings) else min(period, MINUTE)
    offset = _utc_offset(settings, now)

    def rounded(at: float) -> float:
        return math.floor((at + offset) / step) * step - offset

    points = list(points)
    put = max(point.at + point.lag for point in points)
    end = rounded(put if now - rounded(put) < _ARRIVAL_S else now)
    newest = max((point.at for point in points if point.at <= now), default=end - step)
    if newest >= end:
        end = rounded(newest) + step
    return Window(end, float(period), period, count)


def _is_wall_clock(settings: Mapping[str, Any]) -> bool:
    return "WallClockWindow" in (settings.get("EvaluationWindow") or {})


def zone_of(name: str) -> ZoneInfo | timezone:
    """Return a time zone by its IANA name, or an offset such as `+05:30` or `UTC+05:30`.

    Raises:
        ValueError: There is no such zone.
    """
    text = name.removeprefix("UTC") or "UTC"
    if text[0] in "+-":
        sign = -1 if text[0] == "-" else 1
        hours, _, minutes = text[1:].partition(":")
        total = int(hours) * 60 + int(minutes or 0)
        if total % 5 or total >= 24 * 60:
            raise ValueError(name)
        return timezone(sign * timedelta(minutes=total))
    try:
        return ZoneInfo(text)
    except (KeyError, OSError) as error:
        raise ValueError(name) from error


def _utc_offset(settings: Mapping[str, Any], now: float) -> float:
    window = settings.get("EvaluationWindow") or {}
    zone = (window.get("WallClockWindow") or {}).get("Timezone")
    if not zone:
        return 0.0
    offset = datetime.fromtimestamp(now, UTC).astimezone(zone_of(str(zone))).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def observe(
    settings: Mapping[str, Any], store: MetricStore, window: Window
) -> list[Observation | None]:
    """Return what an alarm sees in each period, the oldest first.

    Raises:
        ExpressionError: Its expression has no value.
    """
    queries = metrics_of(settings)
    if not settings.get("Metrics"):
        return _of_metric(queries[0], store, window)
    # AWS's own clock, so that rates per second come out as they do there.
    times = [window.end - (window.count - place) * window.period for place in range(window.count)]

    def values_of(query: Mapping[str, Any]) -> dict[float, float]:
        seen = _of_metric(query, store, window)
        return {times[place]: one.value for place, one in enumerate(seen) if one is not None}

    found = _evaluated(queries, window.period, times, values_of)
    shown = next(query["Id"] for query in queries if query.get("ReturnData") is not False)
    result = cast("dict[float, float]", found[str(shown)].value)
    return [
        Observation(window.at(place), result[at]) if at in result else None
        for place, at in enumerate(times)
    ]


def check_expressions(queries: Iterable[dict[str, Any]]) -> None:
    """Evaluate the expressions of an alarm for once, with two data points of each of its metrics.

    Raises:
        ExpressionError: One can never have a value: it names what there is not, or searches metrics.
        NotImplementedError: It needs what the region does not have.
    """
    times = [0.0, float(MINUTE)]
    _evaluated(queries, MINUTE, times, lambda _: dict.fromkeys(times, 1.0))


def _evaluated(
    queries: Iterable[dict[str, Any]],
    period: int,
    times: Sequence[float],
    values_of: Callable[[Mapping[str, Any]], dict[float, float]],
) -> dict[str, Labelled]:
    """Return the results of an alarm's queries by their ids; `values_of` reads one of a metric.

    Raises:
        ExpressionError: An expression has no value.
    """
    known: dict[str, Labelled] = {}
    context = Context(known, period, times)
    for query in in_order(queries):
        name = str(query["Id"])
        if query.get("MetricStat"):
            known[name] = Labelled(str(query.get("Label") or name), values_of(query))
        else:
            known[name] = _of_expression(query, context)
    return known


def _of_expression(query: Mapping[str, Any], context: Context) -> Labelled:
    """Return the one time series of an expression.

    Raises:
        ExpressionError: It has none, or several.
    """
    name = str(query["Id"])
    found = evaluate(parse(str(query["Expression"])), context)
    if isinstance(found, list):
        if len(found) != 1:
            raise ExpressionError(f"{name} is not one time series.")
        found = found[0][1]
    series = dict.fromkeys(context.times, found) if isinstance(found, float) else found
    return Labelled(str(query.get("Label") or name), series, is_metric=False)


def _of_metric(
    query: Mapping[str, Any], store: MetricStore, window: Window
) -> list[Observation | None]:
    which, asked = metric_in(query), query["MetricStat"]
    seen: list[Observation | None] = [None] * window.count
    if window.period < MINUTE and not store.is_high_resolution(which):
        # "it does not receive data for the attempts that do not correspond to a one-minute data
        # resolution" (PutMetricAlarm, Period)
        return seen
    unit = str(asked["Unit"]) if asked.get("Unit") else None
    stat = str(asked["Stat"])
    pace = window.pace if store.is_rate(which) else 1.0
    scale = window.pace if store.scaled(which, stat) else 1.0
    found = store.buckets(which, window.start, window.end, window.width, unit)
    for place, point in found.items():
        value = statistics.value_of(point, stat)
        if value is not None and 0 <= place < window.count:
            seen[place] = Observation(window.at(place), value * scale, point.count * pace)
    return seen
