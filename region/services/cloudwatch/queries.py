"""GetMetricData's queries: metrics and expressions over them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from moto.cloudwatch.exceptions import CloudWatchException, InvalidParameterValue, ValidationError
from moto.core.responses import ActionResult

from region.api import page_tokens
from region.api.parameters import Parameters
from region.services.cloudwatch import search_expressions, statistics
from region.services.cloudwatch.expression_functions import SeriesList, Value
from region.services.cloudwatch.expression_parser import names
from region.services.cloudwatch.expressions import (
    Context,
    ExpressionError,
    Labelled,
    evaluate,
    parse,
)
from region.services.cloudwatch.parameters import dimensions_of
from region.services.cloudwatch.query_order import in_order
from region.services.cloudwatch.store import LISTED_S, Metric, MetricStore, metric

SHORT_PERIODS = frozenset({1, 5, 10, 20, 30})
_PERIOD = 300
_MOST_TIMES = 100_800
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


@dataclass(frozen=True, slots=True)
class Span:
    """What queries look at: metrics from one time to another, in epoch seconds."""

    store: MetricStore
    start: float
    end: float

    def points(
        self, which: Metric, stat: str, period: int, unit: str | None = None
    ) -> dict[float, float]:
        """Return a statistic of a metric by the start of each period."""
        first = math.floor(self.start / period) * period
        found: dict[float, float] = {}
        buckets = self.store.buckets(which, first, self.end, period, unit)
        for number, point in sorted(buckets.items()):
            value = statistics.value_of(point, stat)
            if value is not None:
                found[first + number * period] = value
        return found


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
    for number, query in enumerate(asked, 1):
        _check(query, f"MetricDataQueries.member.{number}")
    ids = [str(query["Id"]) for query in asked]
    if len(set(ids)) < len(ids):
        raise invalid("The values for parameter id in MetricDataQueries are not unique.")
    span = Span(store, start, end)
    known: dict[str, Labelled] = {}
    periods: dict[str, int] = {}
    rows: dict[str, list[Row]] = {}
    try:
        ordered = in_order(asked)
        for query in ordered:
            name = str(query["Id"])
            if query.get("MetricStat"):
                rows[name] = [_of_metric(query, span, name)]
                periods[name] = int(query["MetricStat"]["Period"])
                known[name] = Labelled(rows[name][0].label, rows[name][0].points)
                continue
            context = _context(query, known, periods, span)
            value = evaluate(parse(str(query["Expression"])), context)
            label = str(query.get("Label") or name)
            known[name] = Labelled(label, value, is_metric=False)
            periods[name] = context.period
            rows[name] = list(_rows(query, label, value, context))
    except ExpressionError as error:
        raise invalid(f"Error in an expression of MetricDataQueries: {error}") from error
    return [row for name in ids for row in rows[name]]


def _check(query: dict[str, Any], where: str) -> None:
    query_id = str(query.get("Id") or "")
    if not _ID.fullmatch(query_id):
        raise invalid(
            f"The value {query_id} for parameter {where}.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    if "${" in str(query.get("Label") or ""):
        raise NotImplementedError(f"dynamic labels: leave ${{...}} out of {where}.Label")
    if query.get("AccountId"):
        raise invalid(f"The local region has one account: leave {where}.AccountId out.")
    if not query.get("MetricStat") and not query.get("Expression"):
        raise invalid(f"The parameter {where}.MetricStat is required.\n")
    if query.get("MetricStat") and query.get("Expression"):
        raise invalid(f"The parameters {where}.MetricStat and Expression are mutually exclusive.")
    if str(query.get("Expression") or "").lstrip().upper().startswith("SELECT"):
        raise NotImplementedError(
            f"Metrics Insights in {where}: use MetricStat or metric math instead"
        )


def _context(
    query: dict[str, Any],
    known: dict[str, Labelled],
    periods: dict[str, int],
    span: Span,
) -> Context:
    """Return what an expression is evaluated in; its period is the longest of those that it names."""
    named = names(parse(str(query["Expression"])))
    used = [periods[name] for name in named if name in periods] or list(periods.values())
    period = int(query.get("Period") or max(used, default=_PERIOD))
    first = math.floor(span.start / period) * period
    count = max(0, math.ceil((span.end - first) / period))
    times = [first + place * period for place in range(min(count, _MOST_TIMES))]

    def search(text: str, stat: str, seconds: int) -> SeriesList:
        found = SeriesList()
        for which in search_expressions.matching(text, span.store.listed(time.time() - LISTED_S)):
            label = " ".join([*(value for _, value in which.dimensions), which.name])
            found.append((label, span.points(which, stat, seconds)))
        return found

    return Context(known, period, times, search, periods)


def _rows(query: dict[str, Any], label: str, value: Value, context: Context) -> Iterator[Row]:
    name, returned = str(query["Id"]), query.get("ReturnData") is not False
    if isinstance(value, SeriesList):
        for own, series in value:
            yield Row(
                name, f"{label} {own}".strip() if query.get("Label") else own, series, returned
            )
    elif isinstance(value, dict):
        yield Row(name, label, value, returned)
    else:
        yield Row(name, label, dict.fromkeys(context.times, value), returned)


def _of_metric(query: dict[str, Any], span: Span, where: str) -> Row:
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
    unit = str(asked["Unit"]) if asked.get("Unit") else None
    found = span.points(which, stat, period, unit)
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


class InvalidNextTokenError(CloudWatchException):
    """A token of another call, or of none."""

    code = "InvalidNextToken"


def page(parameters: Parameters, results: list[dict[str, Any]], most: int) -> ActionResult:
    """Return as many data points as asked for, and a token for the rest."""
    limit = min(parameters.integer("MaxDatapoints") or most, most)
    token, total = parameters.text("NextToken"), sum(len(one["Values"]) for one in results)
    try:
        first = page_tokens.begin_of(token, total)
    except page_tokens.UnknownTokenError as error:
        raise InvalidNextTokenError(f"The value of NextToken is not valid: {token}") from error
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
    following = page_tokens.token_of(first + limit) if first + limit < total else None
    # Also on the last page: an answer without the member would be cut a second time (`paging`).
    return ActionResult({"MetricDataResults": shown, "NextToken": following})
