"""CloudWatch alarms; `region.services.cloudwatch` evaluates them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.operation import Operation
from region.provider.resources.cloudwatch import metric_queries
from region.provider.resources.cloudwatch.alarm import (
    ACTION_LISTS,
    ACTIONS,
    Alarm,
    alarm_arn,
    tags_of,
)
from region.provider.values import Properties

COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)


MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")


_ALARM = {
    **ACTIONS,
    "MetricName": "metricName",
    "Namespace": "namespace",
    "Statistic": "statistic",
    "ExtendedStatistic": "extendedStatistic",
    "Period": "period",
    "Unit": "unit",
    "EvaluationPeriods": "evaluationPeriods",
    "DatapointsToAlarm": "datapointsToAlarm",
    "Threshold": "threshold",
    "ComparisonOperator": "comparisonOperator",
    "TreatMissingData": "treatMissingData",
    "EvaluateLowSampleCountPercentile": "evaluateLowSampleCountPercentiles",
}


class MetricAlarm(Alarm):
    """`aws.cloudwatch.MetricAlarm` of one metric, or of metric math."""

    resource_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    name_input = "name"
    supported = frozenset({"name", "dimensions", "tags", *_ALARM.values(), *metric_queries.PATHS})
    defaults: ClassVar = {"actionsEnabled": True, "treatMissingData": "missing"}
    sets = frozenset({*ACTION_LISTS, metric_queries.INPUT})
    naming = Naming(prefix="", pattern=r"[^\x00-\x1f]+", rule="any printable characters")

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that there is one metric, one statistic and one threshold."""
        if inputs.get(metric_queries.INPUT) is None:
            yield from _check_metric(inputs)
        else:
            yield from _check_math(inputs)
        for name in ("comparisonOperator", "evaluationPeriods"):
            if inputs.get(name) is None:
                yield CheckFailure(name, f"an alarm needs {name!r}; set it")
        yield from checks.one_of(
            "comparisonOperator", inputs.get("comparisonOperator"), COMPARISONS
        )
        yield from checks.one_of("treatMissingData", inputs.get("treatMissingData"), MISSING_DATA)
        wanted, periods = inputs.get("datapointsToAlarm"), inputs.get("evaluationPeriods")
        if isinstance(wanted, int) and isinstance(periods, int) and wanted > periods:
            reason = f"'datapointsToAlarm' {wanted} is more than 'evaluationPeriods' {periods}"
            yield CheckFailure("datapointsToAlarm", f"{reason}; lower it")
        period: Any = inputs.get("period")
        if isinstance(period, int) and period not in {10, 20, 30} and period % 60:
            reason = f"a period of {period} s is neither 10, 20, 30 nor a multiple of 60; round it"
            yield CheckFailure("period", reason)

    @override
    def put(self, op: Operation, inputs: Properties, **more: Any) -> None:
        """Call PutMetricAlarm."""
        dimensions: Mapping[str, str] = inputs.get("dimensions") or {}
        queries = inputs.get(metric_queries.INPUT)
        if queries:
            more["Metrics"] = metric_queries.parameter(queries)
        else:
            more["Dimensions"] = [{"Name": key, "Value": dimensions[key]} for key in dimensions]
        op.aws.cloudwatch.put_metric_alarm(
            AlarmName=inputs["name"],
            **given(_ALARM, inputs),
            **more,
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the alarm."""
        response = op.aws.cloudwatch.describe_alarms(
            AlarmNames=[identity], AlarmTypes=["MetricAlarm"]
        )
        for alarm in response["MetricAlarms"]:
            arn = alarm_arn(op, identity)
            queries = metric_queries.described(alarm.get("Metrics") or (), state)
            return {
                "name": alarm["AlarmName"],
                "arn": alarm.get("AlarmArn", arn),
                "tags": tags_of(op, arn),
                **found(_ALARM, alarm),
                **({metric_queries.INPUT: queries} if queries else _dimensions(alarm)),
            }
        return None


def _dimensions(alarm: Mapping[str, Any]) -> Properties:
    return {"dimensions": {item["Name"]: item["Value"] for item in alarm["Dimensions"]}}


def _check_metric(inputs: Properties) -> Iterable[CheckFailure]:
    for name in ("metricName", "namespace", "period", "threshold"):
        if inputs.get(name) is None:
            yield CheckFailure(name, f"an alarm on a metric needs {name!r}; set it")
    yield from checks.exactly_one(inputs, ["statistic", "extendedStatistic"])


def _check_math(inputs: Properties) -> Iterable[CheckFailure]:
    yield from metric_queries.check(inputs[metric_queries.INPUT])
    if inputs.get("threshold") is None:
        yield CheckFailure("threshold", "an alarm on metric math needs 'threshold'; set it")
    for name in ("metricName", "namespace", "period", "statistic", "dimensions"):
        if inputs.get(name) is not None:
            reason = f"{name!r} is for an alarm on one metric; say it in 'metricQueries'"
            yield CheckFailure(name, reason)
