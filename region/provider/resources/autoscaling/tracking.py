"""The target tracking configuration of a scaling policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.values import Properties

CONFIGURATION = "targetTrackingConfiguration"
PER_TARGET = "ALBRequestCountPerTarget"
METRICS = (
    PER_TARGET,
    "ASGAverageCPUUtilization",
    "ASGAverageCPUUtilizationHighResolution",
    "ASGAverageNetworkIn",
    "ASGAverageNetworkOut",
)
_LABEL = re.compile(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+")
_PREDEFINED = f"{CONFIGURATION}.predefinedMetricSpecification"
_CUSTOMIZED = f"{CONFIGURATION}.customizedMetricSpecification"
_SPECIFICATION = {"PredefinedMetricType": "predefinedMetricType", "ResourceLabel": "resourceLabel"}
_METRIC = {"MetricName": "metricName", "Namespace": "namespace"}
_OWN = {**_METRIC, "Statistic": "statistic", "Unit": "unit", "Period": "period"}
_QUERY = {"Id": "id", "Expression": "expression", "Label": "label", "ReturnData": "returnData"}
_STAT = {"Stat": "stat", "Unit": "unit", "Period": "period"}
_STAT_PATH = f"{_CUSTOMIZED}.metrics.metricStat"
PATHS = frozenset(
    {
        f"{CONFIGURATION}.targetValue",
        f"{CONFIGURATION}.disableScaleIn",
        *(f"{_PREDEFINED}.{name}" for name in _SPECIFICATION.values()),
        *(f"{_CUSTOMIZED}.{name}" for name in _OWN.values()),
        *(f"{_CUSTOMIZED}.metricDimensions.{name}" for name in ("name", "value")),
        *(f"{_CUSTOMIZED}.metrics.{name}" for name in _QUERY.values()),
        *(f"{_STAT_PATH}.{name}" for name in _STAT.values()),
        *(f"{_STAT_PATH}.metric.{name}" for name in _METRIC.values()),
        *(f"{_STAT_PATH}.metric.dimensions.{name}" for name in ("name", "value")),
    }
)
"""The supported input paths."""


def check_configuration(tracking: Properties) -> Iterable[CheckFailure]:
    """Check that there is one metric and a target above 0."""
    target = tracking.get("targetValue")
    if isinstance(target, int | float) and target <= 0:
        reason = f"the target value {target} must be above 0"
        yield CheckFailure(f"{CONFIGURATION}.targetValue", reason)
    predefined, customized = (
        tracking.get("predefinedMetricSpecification"),
        tracking.get("customizedMetricSpecification"),
    )
    if (predefined is None) == (customized is None):
        reason = (
            "set either 'predefinedMetricSpecification' or 'customizedMetricSpecification': it "
            "names the metric"
        )
        yield CheckFailure(_PREDEFINED, reason)
    if isinstance(predefined, dict):
        yield from _check_metric(predefined)


def configuration_parameter(tracking: Properties) -> dict[str, Any]:
    """Return the configuration as PutScalingPolicy takes it."""
    parameter = given({"TargetValue": "targetValue", "DisableScaleIn": "disableScaleIn"}, tracking)
    if tracking.get("predefinedMetricSpecification"):
        predefined = tracking["predefinedMetricSpecification"]
        parameter["PredefinedMetricSpecification"] = given(_SPECIFICATION, predefined)
    customized = tracking.get("customizedMetricSpecification")
    if customized:
        own = given(_OWN, customized)
        if customized.get("metricDimensions"):
            own["Dimensions"] = _dimensions(customized["metricDimensions"])
        if customized.get("metrics"):
            own["Metrics"] = [_query(query) for query in customized["metrics"]]
        parameter["CustomizedMetricSpecification"] = own
    return parameter


def described_configuration(tracking: Mapping[str, Any]) -> Properties:
    """Return the configuration that the API describes as inputs."""
    described: Properties = {
        "targetValue": tracking.get("TargetValue"),
        "disableScaleIn": bool(tracking.get("DisableScaleIn")),
    }
    predefined = tracking.get("PredefinedMetricSpecification")
    if predefined:
        described["predefinedMetricSpecification"] = found(_SPECIFICATION, predefined)
    customized = tracking.get("CustomizedMetricSpecification")
    if customized:
        own = found(_OWN, customized)
        if customized.get("Dimensions"):
            own["metricDimensions"] = _described_dimensions(customized["Dimensions"])
        if customized.get("Metrics"):
            own["metrics"] = [_described_query(query) for query in customized["Metrics"]]
        described["customizedMetricSpecification"] = own
    return described


def _check_metric(metric: Properties) -> Iterable[CheckFailure]:
    kind, label = metric.get("predefinedMetricType"), metric.get("resourceLabel")
    yield from checks.one_of(f"{_PREDEFINED}.predefinedMetricType", kind, METRICS)
    path = f"{_PREDEFINED}.resourceLabel"
    if kind == PER_TARGET and label is None:
        yield CheckFailure(
            path, f"{PER_TARGET} needs 'resourceLabel': <LB arnSuffix>/<TG arnSuffix>"
        )
    if isinstance(label, str) and not _LABEL.fullmatch(label):
        yield CheckFailure(
            path,
            f"{label!r} is not a resource label; join the load balancer's and the target group's "
            "arnSuffix with '/'",
        )


def _query(query: Properties) -> dict[str, Any]:
    parameter = given(_QUERY, query)
    stat = query.get("metricStat")
    if stat:
        metric = given(_METRIC, stat["metric"])
        if stat["metric"].get("dimensions"):
            metric["Dimensions"] = _dimensions(stat["metric"]["dimensions"])
        parameter["MetricStat"] = {"Metric": metric, **given(_STAT, stat)}
    return parameter


def _described_query(query: Mapping[str, Any]) -> Properties:
    described = found(_QUERY, query)
    stat = query.get("MetricStat")
    if stat:
        metric = found(_METRIC, stat["Metric"])
        if stat["Metric"].get("Dimensions"):
            metric["dimensions"] = _described_dimensions(stat["Metric"]["Dimensions"])
        described["metricStat"] = {"metric": metric, **found(_STAT, stat)}
    return described


def _dimensions(dimensions: Iterable[Properties]) -> list[dict[str, str]]:
    return [{"Name": one["name"], "Value": one["value"]} for one in dimensions]


def _described_dimensions(dimensions: Iterable[Mapping[str, str]]) -> list[Properties]:
    return [{"name": one["Name"], "value": one["Value"]} for one in dimensions]
