"""Metrics as CloudWatch answers: PutMetricData, GetMetricStatistics, GetMetricData, ListMetrics.

moto keeps every datum for ever, knows no percentiles and no units, and has one expression.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.cloudwatch import put_checks, queries, statistics
from region.services.cloudwatch.parameters import dimensions_of, epoch
from region.services.cloudwatch.records import CloudWatchRecord, store_of
from region.services.cloudwatch.store import LISTED_S, Metric, metric

MOST_STATISTICS_POINTS = 1440
MOST_DATA_POINTS = 100_800
MOST_QUERIES = 500
RECENT_S = 3 * 3600
"""What `RecentlyActive` of ListMetrics means: PT3H."""

patches = Patches()


@patches.around(CloudWatchBackend, "__init__")
def _new_backend(
    moto: Original, backend: CloudWatchBackend, *args: object, **kwargs: object
) -> None:
    moto(backend, *args, **kwargs)
    CloudWatchRecord().attach(backend)


@patches.method(CloudWatchResponse)
def put_metric_data(call: CloudWatchResponse) -> EmptyResult:
    """PutMetricData."""
    parameters = Parameters(call)
    now = time.time()
    store = store_of(call.cloudwatch_backend)
    for put in put_checks.data_in(parameters, now):
        store.add(put.metric, put.point, put.unit, high_resolution=put.high_resolution)
    return EmptyResult()


@patches.method(CloudWatchResponse)
def get_metric_statistics(call: CloudWatchResponse) -> ActionResult:
    """GetMetricStatistics."""
    parameters = Parameters(call)
    simple, extended = parameters.texts("Statistics"), parameters.texts("ExtendedStatistics")
    if not simple and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    for name in extended:
        if name in statistics.SIMPLE or not statistics.is_known(name):
            raise InvalidParameterValue(
                f"The value {name} for parameter ExtendedStatistics.member.1 is invalid."
            )
    period = queries.checked_period(parameters.integer("Period"), "Period")
    start, end = epoch(parameters.get("StartTime")), epoch(parameters.get("EndTime"))
    if start >= end:
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    if (end - start) / period > MOST_STATISTICS_POINTS:
        asked = int((end - start) / period)
        raise InvalidParameterCombination(
            f"You have requested up to {asked:,} datapoints, which exceeds the limit of "
            f"{MOST_STATISTICS_POINTS:,}. You may reduce the datapoints requested by increasing Period, "
            "or decreasing the time range."
        )
    store = store_of(call.cloudwatch_backend)
    which = metric(
        parameters.text("Namespace"),
        parameters.text("MetricName"),
        dimensions_of(parameters.structures("Dimensions")),
    )
    unit = parameters.text("Unit") or None
    shown = store.unit_of(which, unit)
    first = queries.aligned(start, period)
    found: list[dict[str, Any]] = []
    for number, point in sorted(store.buckets(which, first, end, period, shown).items()):
        values = {name: statistics.value_of(point, name) for name in (*simple, *extended)}
        described: dict[str, Any] = {
            "Timestamp": datetime.fromtimestamp(first + number * period, UTC),
            "Unit": shown,
        }
        described |= {name: values[name] for name in simple}
        known = {name: values[name] for name in extended if values[name] is not None}
        if known:
            described["ExtendedStatistics"] = known
        if simple or known:
            found.append(described)
    return ActionResult({"Label": which.name, "Datapoints": found})


@patches.method(CloudWatchResponse)
def get_metric_data(call: CloudWatchResponse) -> ActionResult:
    """GetMetricData."""
    parameters = Parameters(call)
    asked = parameters.structures("MetricDataQueries")
    if len(asked) > MOST_QUERIES:
        raise InvalidParameterValue(
            f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
        )
    start, end = epoch(parameters.get("StartTime")), epoch(parameters.get("EndTime"))
    if start >= end:
        raise queries.invalid("The parameter EndTime must be greater than StartTime.")
    if parameters.get("LabelOptions") is not None:
        raise NotImplementedError("dynamic labels: leave LabelOptions out, and ${...} of Label")
    store = store_of(call.cloudwatch_backend)
    rows = queries.answer(asked, store, start, end)
    newest_first = parameters.text("ScanBy") != "TimestampAscending"
    results = [queries.described(row, newest_first=newest_first) for row in rows if row.returned]
    return queries.page(parameters, results, MOST_DATA_POINTS)


@patches.method(CloudWatchResponse)
def list_metrics(call: CloudWatchResponse) -> ActionResult:
    """ListMetrics: those with data of the last two weeks, or of three hours."""
    parameters = Parameters(call)
    if parameters.flag("IncludeLinkedAccounts") or parameters.text("OwningAccount"):
        raise InvalidParameterValue(
            "The local region has one account: leave IncludeLinkedAccounts and OwningAccount out."
        )
    recent = parameters.text("RecentlyActive")
    if recent not in {"", "PT3H"}:
        raise InvalidParameterValue("The parameter RecentlyActive must be PT3H.")
    age = RECENT_S if recent else LISTED_S
    wanted = [
        (str(item.get("Name")), item.get("Value")) for item in parameters.structures("Dimensions")
    ]
    namespace, name = parameters.text("Namespace"), parameters.text("MetricName")
    found = [
        which
        for which in store_of(call.cloudwatch_backend).listed(time.time() - age)
        if namespace in {"", which.namespace}
        and name in {"", which.name}
        and all(_has(which, *dimension) for dimension in wanted)
    ]
    answer: dict[str, Any] = {
        "Metrics": [
            {
                "Namespace": which.namespace,
                "MetricName": which.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in which.dimensions],
            }
            for which in found
        ]
    }
    return ActionResult(answer)


def _has(which: Metric, name: str, value: str | None) -> bool:
    return any(key == name and value in {None, known} for key, known in which.dimensions)
