"""The functions and operators of metric math."""

from __future__ import annotations

import itertools
import math
import operator
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from region.services.cloudwatch.expression_parser import ExpressionError

Series = dict[float, float]
"""Values by their time in epoch seconds."""
NumberArray = list[float]


class SeriesList(list[tuple[str, Series]]):
    """An array of time series with their labels."""


Value = float | Series | SeriesList
Function = Callable[[Value, int], Value]

REFUSED: Final = {
    "ANOMALY_DETECTION_BAND": "it has no model of what is normal; use a threshold",
    "DB_PERF_INSIGHTS": "it has no Performance Insights",
    "INSIGHT_RULE_METRIC": "it has no Contributor Insights",
    "LAMBDA": "it has no Lambda",
    "SERVICE_QUOTA": "it has no service quotas",
}
_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "&&": lambda left, right: bool(left) and bool(right),
    "||": lambda left, right: bool(left) or bool(right),
}


def _power(left: float, right: float) -> float:
    found = left**right
    if not isinstance(found, float):
        raise OverflowError  # A root of a negative number.
    return found


_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
}


def _calculate(sign: str, left: float, right: float) -> float | None:
    """Return what an operator gives; None if there is no data point."""
    if sign in _COMPARISONS:
        return float(_COMPARISONS[sign](left, right))
    try:
        found = _ARITHMETIC[sign](left, right)
    except (ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def combined(sign: str, left: Value, right: Value) -> Value:
    """Apply an operator; of two time series at the times that both have."""
    if isinstance(left, SeriesList) or isinstance(right, SeriesList):
        return _combined_arrays(sign, left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _known((at, _calculate(sign, left[at], right[at])) for at in left if at in right)
    if isinstance(left, dict):
        return _known((at, _calculate(sign, value, right)) for at, value in left.items())  # type: ignore[arg-type]
    if isinstance(right, dict):
        return _known((at, _calculate(sign, left, value)) for at, value in right.items())
    found = _calculate(sign, left, right)
    if found is None:
        raise ExpressionError(f"{left:g} {sign} {right:g} is not a number.")
    return found


def _combined_arrays(sign: str, left: Value, right: Value) -> SeriesList:
    if isinstance(left, SeriesList) and isinstance(right, SeriesList):
        if len(left) != len(right):
            raise ExpressionError(f"{sign} needs arrays of the same length.")
        pairs = zip(left, right, strict=True)
        return SeriesList((a[0], _series(combined(sign, a[1], b[1]))) for a, b in pairs)
    if isinstance(left, SeriesList):
        return SeriesList((name, _series(combined(sign, one, right))) for name, one in left)
    arrays = right if isinstance(right, SeriesList) else SeriesList()
    return SeriesList((name, _series(combined(sign, left, one))) for name, one in arrays)


def _known(items: Iterable[tuple[float, float | None]]) -> Series:
    return {at: value for at, value in items if value is not None}


def _series(value: Value) -> Series:
    if isinstance(value, SeriesList) or not isinstance(value, dict):
        raise ExpressionError("A time series is needed.")
    return value


def each(value: Value, function: Callable[[float], float | None]) -> Value:
    """Apply a function to every data point."""
    if isinstance(value, SeriesList):
        return SeriesList((name, _series(each(one, function))) for name, one in value)
    if isinstance(value, dict):
        return _known((at, function(one)) for at, one in value.items())
    found = function(value)
    if found is None:
        raise ExpressionError(f"{value:g} is not in the function's domain.")
    return found


def _per_point(function: Callable[[float], float | None]) -> Function:
    return lambda value, _: each(value, function)


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float | None]:
    return lambda value: function(value) if value > 0 else None


def _aggregate(function: Callable[[list[float]], float]) -> Function:
    """Of a time series a number, of an array a time series, and of a number itself."""

    def apply(value: Value, period: int) -> Value:
        del period
        if isinstance(value, SeriesList):
            times = sorted({at for _, one in value for at in one})
            return {at: function([one[at] for _, one in value if at in one]) for at in times}
        if isinstance(value, dict):
            if not value:
                return {}
            return function([value[at] for at in sorted(value)])
        return function([value])

    return apply


def _per_series(function: Callable[[Series, int], Series]) -> Function:
    def apply(value: Value, period: int) -> Value:
        if isinstance(value, SeriesList):
            return SeriesList((name, function(one, period)) for name, one in value)
        return function(_series(value), period)

    return apply


def _steps(value: Series) -> Iterable[tuple[float, float]]:
    times = sorted(value)
    return itertools.pairwise(times)


def _rate(value: Series, period: int) -> Series:
    del period
    return {
        later: (value[later] - value[earlier]) / (later - earlier)
        for earlier, later in _steps(value)
    }


def _difference(value: Series, period: int) -> Series:
    del period
    return {later: value[later] - value[earlier] for earlier, later in _steps(value)}


def _time_difference(value: Series, period: int) -> Series:
    del period
    return {later: later - earlier for earlier, later in _steps(value)}


def _running_sum(value: Series, period: int) -> Series:
    del period
    total, found = 0.0, Series()
    for at in sorted(value):
        total += value[at]
        found[at] = total
    return found


def _of_time(function: Callable[[datetime], float]) -> Function:
    return _per_series(
        lambda value, _: {at: function(datetime.fromtimestamp(at, UTC)) for at in value}
    )


def _remove_empty(value: Value, period: int) -> Value:
    del period
    if not isinstance(value, SeriesList):
        raise ExpressionError("REMOVE_EMPTY needs an array of time series.")
    return SeriesList((name, one) for name, one in value if one)


def _metric_count(value: Value, period: int) -> Value:
    del period
    return float(len(value)) if isinstance(value, SeriesList) else 1.0


def _at_end(first: bool) -> Function:
    def apply(value: Value, period: int) -> Value:
        del period
        if isinstance(value, SeriesList):
            if not value:
                raise ExpressionError("The array is empty.")
            return value[0 if first else -1][1]
        series = _series(value)
        if not series:
            return {}
        return series[min(series) if first else max(series)]

    return apply


OF_ONE: Final[dict[str, Function]] = {
    "ABS": _per_point(abs),
    "AVG": _aggregate(statistics.fmean),
    "CEIL": _per_point(lambda value: float(math.ceil(value))),
    "DATAPOINT_COUNT": _aggregate(lambda values: float(len(values))),
    "DATE": _of_time(lambda at: float(at.day)),
    "DAY": _of_time(lambda at: float(at.isoweekday())),
    "DIFF": _per_series(_difference),
    "DIFF_TIME": _per_series(_time_difference),
    "EPOCH": _per_series(lambda value, _: {at: at for at in value}),
    "FIRST": _at_end(first=True),
    "FLOOR": _per_point(lambda value: float(math.floor(value))),
    "HOUR": _of_time(lambda at: float(at.hour)),
    "LAST": _at_end(first=False),
    "LOG": _per_point(_logarithm(math.log)),
    "LOG10": _per_point(_logarithm(math.log10)),
    "MAX": _aggregate(max),
    "METRIC_COUNT": _metric_count,
    "MIN": _aggregate(min),
    "MINUTE": _of_time(lambda at: float(at.minute)),
    "MONTH": _of_time(lambda at: float(at.month)),
    "RATE": _per_series(_rate),
    "REMOVE_EMPTY": _remove_empty,
    "RUNNING_SUM": _per_series(_running_sum),
    "STDDEV": _aggregate(statistics.pstdev),
    "SUM": _aggregate(math.fsum),
    "YEAR": _of_time(lambda at: float(at.year)),
}
_ORDERS: Final[dict[str, Callable[[list[float]], float]]] = {
    "AVG": statistics.fmean,
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
}


def filled(value: Value, filler: str | Series | float, times: Sequence[float]) -> Value:
    """FILL: give a time series a value at all times."""
    if isinstance(value, SeriesList):
        return SeriesList((name, _series(filled(one, filler, times))) for name, one in value)
    series = _series(value)
    result = dict(series)
    known = sorted(series)
    for at in times:
        if at in series:
            continue
        before = max((time for time in known if time < at), default=None)
        after = min((time for time in known if time > at), default=None)
        if isinstance(filler, dict):
            if at in filler:
                result[at] = filler[at]
        elif not isinstance(filler, str):
            result[at] = filler
        elif before is not None and filler == "REPEAT":
            result[at] = series[before]
        elif before is not None and after is not None:
            share = (at - before) / (after - before)
            result[at] = series[before] + share * (series[after] - series[before])
    return result


def choose(values: Sequence[Value]) -> Value:
    """IF: the second argument where the first is not 0, else the third."""
    if not 2 <= len(values) <= 3:
        raise ExpressionError("IF has two or three arguments.")
    if any(isinstance(value, SeriesList) for value in values):
        raise ExpressionError("IF has no arrays.")
    condition = values[0]
    if not isinstance(condition, dict):
        if condition:
            return values[1]
        return values[2] if len(values) == 3 else {}
    found = Series()
    for at, holds in condition.items():
        chosen = values[1] if holds else (values[2] if len(values) == 3 else None)
        if isinstance(chosen, dict):
            if at in chosen:
                found[at] = chosen[at]
        elif isinstance(chosen, float):
            found[at] = chosen
    return found


def part(value: Value, limits: Sequence[int]) -> Value:
    """SLICE: some of an array's time series."""
    if not isinstance(value, SeriesList):
        raise ExpressionError("SLICE needs an array of time series.")
    chosen = value[limits[0] : limits[1]] if len(limits) > 1 else value[limits[0] :]
    return SeriesList(chosen)


def ordered(value: Value, by: str, direction: str, limit: int | None) -> SeriesList:
    """SORT: order an array's time series."""
    if not isinstance(value, SeriesList) or by not in _ORDERS or direction not in {"ASC", "DESC"}:
        raise ExpressionError("SORT has an array, AVG, MIN, MAX or SUM, and ASC or DESC.")
    present = [item for item in value if item[1]]
    present.sort(key=lambda item: _ORDERS[by](list(item[1].values())), reverse=direction == "DESC")
    return SeriesList(present[:limit] if limit is not None else present)
