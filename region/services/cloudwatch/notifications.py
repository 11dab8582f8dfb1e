"""What alarms tell: a message to an SNS topic, as CloudWatch writes it."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

import botocore.session
from moto.core.exceptions import ServiceException

from region.api.server import ControlPlane
from region.services.cloudwatch import alarm_checks
from region.services.cloudwatch.alarm_actions import AlarmActionError, AlarmEvent
from region.services.cloudwatch.records import METRIC_ALARM, AlarmRecord
from region.time_formats import stamps

_SUBJECT_LENGTH = 100


def publish(plane: ControlPlane, event: AlarmEvent) -> None:
    """Publish an alarm's message.

    Raises:
        AlarmActionError: There is no such topic.
    """
    region = plane.config.region
    with plane.lock:
        alarm = plane.backend("cloudwatch").alarms.get(event.name)
        if alarm is None:
            return
        changed = alarm.configuration_updated_timestamp
        message = message_of(event, changed, plane.config.account, region)
        if AlarmRecord.of(alarm).kind != METRIC_ALARM:
            message.pop("Trigger")
            message["AlarmRule"] = event.settings.get("AlarmRule")
        subject = f'{event.new_state}: "{event.name}" in {long_name(region)}'
        try:
            plane.backend("sns").publish(
                json.dumps(message), arn=event.action, subject=subject[:_SUBJECT_LENGTH]
            )
        except ServiceException as error:
            raise AlarmActionError(f"{error}") from error


def message_of(
    event: AlarmEvent, configured: datetime, account: str, region: str
) -> dict[str, Any]:
    """Return the message of a metric alarm."""
    settings = event.settings
    message: dict[str, Any] = {
        "AlarmName": event.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _stamp(configured),
        "NewStateValue": event.new_state,
        "NewStateReason": event.reason,
        "StateChangeTime": _stamp(event.at),
        "Region": long_name(region),
        "AlarmArn": event.arn,
        "OldStateValue": event.old_state,
    }
    message |= {name: settings.get(name) or [] for name in alarm_checks.ACTIONS}
    trigger = {
        name: settings[name]
        for name in ("MetricName", "Namespace", "Period", "EvaluationPeriods", "DatapointsToAlarm")
        if name in settings
    }
    statistic = settings.get("Statistic") or settings.get("ExtendedStatistic")
    if statistic:
        trigger["StatisticType"] = "Statistic" if "Statistic" in settings else "ExtendedStatistic"
        trigger[trigger["StatisticType"]] = _SHOUTED.get(str(statistic), statistic)
        trigger["Unit"] = settings.get("Unit")
        trigger["Dimensions"] = [
            {"value": one["Value"], "name": one["Name"]} for one in settings.get("Dimensions") or []
        ]
    if settings.get("Metrics"):
        trigger["Metrics"] = settings["Metrics"]
    trigger |= {
        "ComparisonOperator": settings.get("ComparisonOperator"),
        "Threshold": settings.get("Threshold"),
        "TreatMissingData": settings.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile") or "",
    }
    return message | {"Trigger": trigger}


_SHOUTED = {
    "Average": "AVERAGE",
    "Maximum": "MAXIMUM",
    "Minimum": "MINIMUM",
    "SampleCount": "SAMPLE_COUNT",
    "Sum": "SUM",
}


def _stamp(at: datetime) -> str:
    return stamps.in_milliseconds(at, "+0000")


@lru_cache(maxsize=4)
def long_name(region: str) -> str:
    """Return the name of a region in words, such as `Asia Pacific (Seoul)`."""
    data = cast("dict[str, Any]", botocore.session.get_session().get_data("endpoints"))
    for partition in data["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
