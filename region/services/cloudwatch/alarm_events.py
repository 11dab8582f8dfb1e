"""The event that EventBridge gets when an alarm changes its state.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Alarm

from region.services.cloudwatch.records import AlarmRecord, Transition
from region.services.cloudwatch.windows import metrics_of
from region.time_formats import stamps

CHANGED = "CloudWatch Alarm State Change"


def event_of(alarm: Alarm, change: Transition) -> tuple[dict[str, Any], str]:
    """Return the detail of a change's event, and the alarm's ARN."""
    settings = AlarmRecord.of(alarm).settings
    stamp = stamps.in_milliseconds(change.at, "+0000")
    configuration: dict[str, Any] = {"description": settings.get("AlarmDescription") or ""}
    if "AlarmRule" in settings:
        configuration["alarmRule"] = settings["AlarmRule"]
    else:
        configuration["metrics"] = [_metric(query) for query in metrics_of(settings)]
    state: dict[str, Any] = {"value": change.new, "reason": change.reason, "timestamp": stamp}
    if change.reason_data:
        state["reasonData"] = change.reason_data
    detail = {
        "alarmName": alarm.name,
        "state": state,
        "previousState": {"value": change.old},
        "configuration": configuration,
    }
    return detail, alarm.alarm_arn


def _metric(query: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": query["Id"],
        "returnData": query.get("ReturnData") is not False,
    }
    asked = query.get("MetricStat")
    if asked:
        named = asked["Metric"]
        dimensions = {one["Name"]: one["Value"] for one in named.get("Dimensions") or []}
        metric = {
            "namespace": named.get("Namespace"),
            "name": named.get("MetricName"),
            "dimensions": dimensions,
        }
        found["metricStat"] = {
            "metric": metric,
            "period": asked.get("Period"),
            "stat": asked.get("Stat"),
        }
    else:
        found["expression"] = query.get("Expression")
    return found
