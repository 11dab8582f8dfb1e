"""Alarms and their history as CloudWatch describes them. Callers hold the control plane's lock."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import Alarm

from region.services.cloudwatch.records import METRIC_ALARM, AlarmRecord, HistoryItem

_METRIC = (
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "EvaluationWindow",
    "WarmUpConfiguration",
)
_COMPOSITE = (
    "AlarmRule",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
)
_SUPPRESSED = frozenset({"WaitPeriod", "Alarm", "ExtensionPeriod"})


def describe(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as DescribeAlarms answers it."""
    record = AlarmRecord.of(alarm)
    settings = record.settings
    is_metric = record.kind == METRIC_ALARM
    described: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.alarm_arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": settings.get("OKActions") or [],
        "AlarmActions": settings.get("AlarmActions") or [],
        "InsufficientDataActions": settings.get("InsufficientDataActions") or [],
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "StateTransitionedTimestamp": record.transitioned_at,
    }
    if settings.get("AlarmDescription") is not None:
        described["AlarmDescription"] = settings["AlarmDescription"]
    if alarm.state_reason_data:
        described["StateReasonData"] = alarm.state_reason_data
    for name in _METRIC if is_metric else _COMPOSITE:
        if settings.get(name) is not None:
            described[name] = settings[name]
    if is_metric:
        if not settings.get("Metrics"):
            described["Dimensions"] = settings.get("Dimensions") or []
        if record.evaluation_state:
            described["EvaluationState"] = record.evaluation_state
    elif record.held_by in _SUPPRESSED:
        described["ActionsSuppressedBy"] = record.held_by
        described["ActionsSuppressedReason"] = (
            f"Actions suppressed by {record.held_by} of {settings.get('ActionsSuppressor')}"
        )
    return described


def describe_item(item: HistoryItem) -> dict[str, Any]:
    """Return a line of history as DescribeAlarmHistory answers it."""
    return {
        "AlarmName": item.alarm,
        "AlarmType": item.alarm_type,
        "Timestamp": item.at,
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
