"""The queries of an alarm on metric math."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.values import UNKNOWN, Properties

_QUERY: Final = {"Id": "id", "Expression": "expression", "Label": "label", "Period": "period"}
_METRIC: Final = {"MetricName": "metricName", "Namespace": "namespace"}
_STAT: Final = {"Period": "period", "Stat": "stat", "Unit": "unit"}
INPUT: Final = "metricQueries"
PATHS: Final = frozenset(
    f"{INPUT}.{name}"
    for name in (
        *_QUERY.values(),
        "returnData",
        *(f"metric.{name}" for name in (*_METRIC.values(), *_STAT.values(), "dimensions")),
    )
)


def check(queries: Any) -> Iterable[CheckFailure]:
    """Check that exactly one query returns what the alarm watches, and that each is of one kind."""
    if queries is UNKNOWN or not isinstance(queries, list):
        return
    known: list[Properties] = [one for one in queries if isinstance(one, dict)]
    if len(known) < len(queries) or any(one.get("returnData") is UNKNOWN for one in known):
        return
    if sum(bool(one.get("returnData")) for one in known) != 1:
        yield CheckFailure(INPUT, "set 'returnData' for exactly one query; the alarm watches that")
    for number, one in enumerate(known):
        if (one.get("expression") is None) == (one.get("metric") is None):
            reason = "a query has either an 'expression' or a 'metric'; set one of them"
            yield CheckFailure(f"{INPUT}[{number}]", reason)


def parameter(queries: Iterable[Properties]) -> list[dict[str, Any]]:
    """Return queries as PutMetricAlarm takes them."""
    return [_parameter(one) for one in queries]


def _parameter(query: Properties) -> dict[str, Any]:
    metric: Properties | None = query.get("metric")
    result = {**given(_QUERY, query), "ReturnData": bool(query.get("returnData"))}
    if metric:
        dimensions: Mapping[str, str] = metric.get("dimensions") or {}
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        result["MetricStat"] = {
            "Metric": {**given(_METRIC, metric), **({"Dimensions": named} if named else {})},
            **given(_STAT, metric),
        }
    return result


def described(queries: Iterable[Mapping[str, Any]], state: Properties) -> list[Properties]:
    """Return queries as inputs; one that returns nothing says so if the program does."""
    programs: Sequence[Properties] = state.get(INPUT) or ()
    said = {str(one.get("id")) for one in programs if one.get("returnData") is not None}
    return [_described(one, says=str(one["Id"]) in said) for one in queries]


def _described(query: Mapping[str, Any], *, says: bool) -> Properties:
    result = found(_QUERY, query)
    if query.get("ReturnData") or says:
        result["returnData"] = bool(query.get("ReturnData"))
    stat = query.get("MetricStat")
    if stat:
        metric = stat["Metric"]
        dimensions = {item["Name"]: item["Value"] for item in metric.get("Dimensions") or ()}
        result["metric"] = {
            **found(_METRIC, metric),
            **found(_STAT, stat),
            **({"dimensions": dimensions} if dimensions else {}),
        }
    return result
