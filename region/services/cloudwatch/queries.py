"""GetMetricData's queries: metrics and expressions over them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.services.cloudwatch import statistics
from region.services.cloudwatch.parameters import dimensions_of
from region.services.cloudwatch.store import MetricStore, metric

SHORT_PERIODS = frozenset({1, 5, 10, 20, 30})
_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")


@dataclass(frozen=True, slots=True)
class Row:
    """What one query found.

    Attributes:
        query_id: The id of the query.
        label: Its label.
        points: Values by their time in epoch seconds, in ascending order.
        returned: Whether the answer has it.
    """

    query_id: str
    label: str
    points: dict[float, float]
    returned: bool


def invalid(text: str) -> ValidationError:
    """Return GetMetricData's error."""
    return ValidationError(text)


def checked_period(period: int | None, where: str) -> int:
    """Return a period in seconds.

    Raises:
        InvalidParameterValue: It is none.
    """
    if period is None:
        raise InvalidParameterValue(f"The parameter {where} is required.")
    if period not in SHORT_PERIODS and (period <= 0 or period % 60):
        raise InvalidParameterValue(
            f"The parameter {where} must be 1, 5, 10, 20, 30 or a multiple of 60, not {period}."
        )
    return period


def aligned(start: float, period: int) -> float:
    """Round a start time down to the minute, for shorter periods to the period."""
    step = min(period, 60)
    return math.floor(start / step) * step


def answer(asked: list[dict[str, Any]], store: MetricStore, start: float, end: float) -> list[Row]:
    """Answer queries for the time from `start` to `end`.

    Raises:
        ValidationError: A query is invalid.
    """
    rows: list[Row] = []
    for number, query in enumerate(asked, 1):
        where = f"MetricDataQueries.member.{number}"
        query_id = str(query.get("Id") or "")
        if not _ID.fullmatch(query_id):
            raise invalid(
                f"The value {query_id} for parameter {where}.Id is not matching the expected pattern "
                "^[a-z][a-zA-Z0-9_]*$."
            )
        if "MetricStat" not in query:
            raise invalid(f"The parameter {where}.MetricStat is required.\n")
        rows.append(_of_metric(query, store, start, end, where))
    return rows


def _of_metric(
    query: dict[str, Any], store: MetricStore, start: float, end: float, where: str
) -> Row:
    asked = cast("dict[str, Any]", query["MetricStat"])
    named = cast("dict[str, Any]", asked.get("Metric") or {})
    stat = str(asked.get("Stat") or "")
    if not statistics.is_known(stat):
        raise invalid(f"The value {stat} for parameter {where}.MetricStat.Stat is not supported.")
    period = checked_period(int(asked.get("Period") or 0), f"{where}.MetricStat.Period")
    which = metric(
        str(named.get("Namespace") or ""),
        str(named.get("MetricName") or ""),
        dimensions_of(named.get("Dimensions") or []),
    )
    first = math.floor(start / period) * period
    found: dict[float, float] = {}
    unit = str(asked["Unit"]) if asked.get("Unit") else None
    for number, point in sorted(store.buckets(which, first, end, period, unit).items()):
        value = statistics.value_of(point, stat)
        if value is not None:
            found[first + number * period] = value
    label = str(query.get("Label") or which.name)
    return Row(str(query["Id"]), label, found, query.get("ReturnData") is not False)


def described(row: Row, *, newest_first: bool) -> dict[str, Any]:
    """Return a row as GetMetricData answers it."""
    times = sorted(row.points, reverse=newest_first)
    return {
        "Id": row.query_id,
        "Label": row.label,
        "Timestamps": [datetime.fromtimestamp(at, UTC) for at in times],
        "Values": [row.points[at] for at in times],
        "StatusCode": "Complete",
    }


def page(parameters: Parameters, results: list[dict[str, Any]], most: int) -> ActionResult:
    """Return as many data points as asked for, and a token for the rest."""
    limit = min(parameters.integer("MaxDatapoints") or most, most)
    token = parameters.text("NextToken")
    if token and not token.isdecimal():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    first = int(token or 0)
    position = 0
    shown: list[dict[str, Any]] = []
    for result in results:
        count = len(result["Values"])
        begin = max(0, first - position)
        finish = min(count, first + limit - position)
        if begin < finish or (count == 0 and not token):
            part = slice(begin, max(begin, finish))
            cut = finish < count
            shown.append(
                result
                | {
                    "Timestamps": result["Timestamps"][part],
                    "Values": result["Values"][part],
                    "StatusCode": "PartialData" if cut else "Complete",
                }
            )
        position += count
    answered: dict[str, Any] = {"MetricDataResults": shown}
    if first + limit < position:
        answered["NextToken"] = str(first + limit)
    return ActionResult(answered)
