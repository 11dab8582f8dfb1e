"""Alarms whose state follows from other alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider.errors import CheckFailure
from region.provider.handler import found, given
from region.provider.operation import Operation
from region.provider.resources.cloudwatch.alarm import ACTION_LISTS, ACTIONS, Alarm, tags_of
from region.provider.values import Properties

_ALARM = {
    "AlarmRule": "alarmRule",
    **ACTIONS,
}
_SUPPRESSOR = {
    "ActionsSuppressor": "alarm",
    "ActionsSuppressorExtensionPeriod": "extensionPeriod",
    "ActionsSuppressorWaitPeriod": "waitPeriod",
}


class CompositeAlarm(Alarm):
    """`aws.cloudwatch.CompositeAlarm`."""

    resource_type = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
    name_input = "alarmName"
    supported = frozenset(
        {
            "alarmName",
            "tags",
            *_ALARM.values(),
            *(f"actionsSuppressor.{name}" for name in _SUPPRESSOR.values()),
        }
    )
    defaults: ClassVar = {"actionsEnabled": True}
    sets = frozenset(ACTION_LISTS)
    fixed_identity: ClassVar = True

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that nothing is done that composite alarms do not do."""
        for name in ACTION_LISTS:
            for action in inputs.get(name) or ():
                if isinstance(action, str) and ":autoscaling:" in action:
                    reason = "composite alarms run no scaling policies; set it on a metric alarm"
                    yield CheckFailure(name, reason)

    @override
    def put(self, op: Operation, inputs: Properties, **more: Any) -> None:
        """Call PutCompositeAlarm."""
        op.aws.cloudwatch.put_composite_alarm(
            AlarmName=inputs["alarmName"],
            **given(_ALARM, inputs),
            **given(_SUPPRESSOR, inputs.get("actionsSuppressor") or {}),
            **more,
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the alarm."""
        response = op.aws.cloudwatch.describe_alarms(
            AlarmNames=[identity], AlarmTypes=["CompositeAlarm"]
        )
        for alarm in response["CompositeAlarms"]:
            arn = str(alarm["AlarmArn"])
            return {
                "alarmName": alarm["AlarmName"],
                "arn": arn,
                "tags": tags_of(op, arn),
                **found(_ALARM, alarm),
                **_suppressor(alarm),
            }
        return None


def _suppressor(alarm: Mapping[str, Any]) -> Properties:
    described = found(_SUPPRESSOR, alarm) if alarm.get("ActionsSuppressor") else {}
    return {"actionsSuppressor": described} if described else {}
