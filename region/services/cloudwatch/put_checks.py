"""What PutMetricData takes, and what it refuses.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue

from region.api.parameters import Parameters
from region.services.cloudwatch import points
from region.services.cloudwatch.parameters import dimensions_of, epoch
from region.services.cloudwatch.store import NO_UNIT, Metric, metric

MOST_DATA = 1000
PAST_S = 14 * 86_400
FUTURE_S = 2 * 3600
_LARGEST = 2.0**360
_SETS = ("SampleCount", "Sum", "Minimum", "Maximum")


@dataclass(frozen=True, slots=True)
class Put:
    """A datum that was put."""

    metric: Metric
    point: points.Point
    unit: str
    high_resolution: bool


def data_in(parameters: Parameters, now: float) -> list[Put]:
    """Return the data of a call, all of them or an error.

    Raises:
        InvalidParameterValue: A value is not one that CloudWatch takes.
        InvalidParameterCombination: A datum has more than one kind of value.
    """
    namespace = parameters.text("Namespace")
    if namespace.startswith("AWS/"):
        raise InvalidParameterValue(
            "The value AWS/ for parameter Namespace is invalid: namespaces that begin with AWS/ are "
            "those of AWS services."
        )
    data = parameters.structures("MetricData")
    if not data:
        raise InvalidParameterValue("The parameter MetricData is required.")
    if len(data) > MOST_DATA:
        raise InvalidParameterValue(
            f"The collection MetricData must not have a size greater than {MOST_DATA}."
        )
    return [
        _put(namespace, datum, f"MetricData.member.{number}", now)
        for number, datum in enumerate(data, 1)
    ]


def _put(namespace: str, datum: dict[str, Any], where: str, now: float) -> Put:
    resolution = int(datum.get("StorageResolution") or 60)
    if resolution not in {1, 60}:
        raise InvalidParameterValue(
            f"The value {resolution} for parameter {where}.StorageResolution is invalid: use 1 or 60."
        )
    at, lag = now, 0.0
    if datum.get("Timestamp") is not None:
        at = epoch(datum["Timestamp"])
        lag = max(0.0, now - at)
        if not now - PAST_S <= at <= now + FUTURE_S:
            raise InvalidParameterValue(
                f"The parameter {where}.Timestamp must specify a time within the past two weeks and at "
                "most two hours in the future."
            )
    which = metric(
        namespace,
        str(datum["MetricName"]),
        dimensions_of(datum.get("Dimensions") or [], f"{where}.Dimensions"),
    )
    unit = str(datum.get("Unit") or NO_UNIT)
    return Put(which, _point(datum, where, at, lag), unit, resolution == 1)


def _point(datum: dict[str, Any], where: str, at: float, lag: float) -> points.Point:
    single, several = datum.get("Value"), datum.get("Values")
    statistic_set = datum.get("StatisticValues")
    if statistic_set and (single is not None or several):
        other = "Value" if single is not None else "Values"
        raise InvalidParameterCombination(
            f"The parameters {where}.{other} and {where}.StatisticValues are mutually exclusive and "
            "you have specified both."
        )
    if single is not None and several:
        raise InvalidParameterValue(
            f"The parameters {where}.Value and {where}.Values are mutually exclusive and you have "
            "specified both."
        )
    if statistic_set:
        return _of_set(cast("dict[str, Any]", statistic_set), where, at, lag)
    if several:
        return points.of_values(at, dict(_counted(datum, where)), lag)
    if single is None:
        raise InvalidParameterValue(
            f"The parameter {where} must have a Value, Values or StatisticValues."
        )
    return points.of_values(at, {_number(single, f"{where}.Value"): 1.0}, lag)


def _counted(datum: dict[str, Any], where: str) -> Iterator[tuple[float, float]]:
    values = list(datum["Values"])
    counts = list(datum.get("Counts") or [1.0] * len(values))
    if len(values) > points.MOST_VALUES:
        raise InvalidParameterValue(
            f"The collection {where}.Values must not have a size greater than {points.MOST_VALUES}."
        )
    if len(counts) != len(values):
        raise InvalidParameterValue(
            f"The parameters {where}.Values and {where}.Counts must be of the same size."
        )
    found: dict[float, float] = {}
    for value, count in zip(values, counts, strict=True):
        number = _number(value, f"{where}.Values")
        times = _number(count, f"{where}.Counts")
        if times > 0:
            found[number] = found.get(number, 0.0) + times
    if not found:
        raise InvalidParameterValue(f"The parameter {where}.Counts must be greater than 0.")
    yield from found.items()


def _of_set(given: dict[str, Any], where: str, at: float, lag: float) -> points.Point:
    for name in _SETS:
        if given.get(name) is None:
            raise InvalidParameterValue(
                f"The parameter {where}.StatisticValues.{name} is required."
            )
    count, total, least, most = (
        _number(given[name], f"{where}.StatisticValues.{name}") for name in _SETS
    )
    if count <= 0 or least > most:
        raise InvalidParameterValue(
            f"The parameter {where}.StatisticValues needs a SampleCount greater than 0 and a Minimum "
            "that is not greater than the Maximum."
        )
    return points.Point(at, count, total, least, most, lag=lag)


def _number(value: object, where: str) -> float:
    number = float(cast("float", value))
    if math.isnan(number) or abs(number) > _LARGEST:
        shown = "NaN" if math.isnan(number) else f"{number:g}"
        raise InvalidParameterValue(f"The value {shown} for parameter {where} is invalid.")
    return number
