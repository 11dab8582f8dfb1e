"""Alarms whose state follows from other alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider.errors import CheckFailure
from region.provider.handler import Handler, found, given, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

_ALARM = {
    "AlarmRule": "alarmRule",
    "AlarmDescription": "alarmDescription",
    "ActionsEnabled": "actionsEnabled",
    "AlarmActions": "alarmActions",
    "OKActions": "okActions",
    "InsufficientDataActions": "insufficientDataActions",
}
_SUPPRESSOR = {
    "ActionsSuppressor": "alarm",
    "ActionsSuppressorExtensionPeriod": "extensionPeriod",
    "ActionsSuppressorWaitPeriod": "waitPeriod",
}


class CompositeAlarm(Handler):
    """`aws.cloudwatch.CompositeAlarm`."""

    resource_type = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
    supported = frozenset(
        {
            "alarmName",
            "tags",
            *_ALARM.values(),
            *(f"actionsSuppressor.{name}" for name in _SUPPRESSOR.values()),
        }
    )
    defaults: ClassVar = {"actionsEnabled": True}
    sets = frozenset({"alarmActions", "okActions", "insufficientDataActions"})
    fixed_identity: ClassVar = True

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that nothing is done that composite alarms do not do."""
        for name in ("alarmActions", "okActions", "insufficientDataActions"):
            for action in inputs.get(name) or ():
                if isinstance(action, str) and ":autoscaling:" in action:
                    reason = "composite alarms run no scaling policies; set it on a metric alarm"
                    yield CheckFailure(name, reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutCompositeAlarm; the id is the name."""
        self._put(op, inputs, Tags=tag_list(inputs.get("tags")))
        return inputs["alarmName"]

    def _put(self, op: Operation, inputs: Properties, **more: Any) -> None:
        op.aws.cloudwatch.put_composite_alarm(
            AlarmName=inputs["alarmName"],
            **given(_ALARM, inputs),
            **given(_SUPPRESSOR, inputs.get("actionsSuppressor") or {}),
            **more,
        )

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutCompositeAlarm again: it replaces everything except the state and the tags."""
        if old is None:
            return
        cloudwatch, arn = op.aws.cloudwatch, op.arn("cloudwatch", f"alarm:{identity}")
        self._put(op, new)
        sync_tags(
            new,
            old,
            lambda tags: cloudwatch.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            lambda keys: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the alarm."""
        response = op.aws.cloudwatch.describe_alarms(
            AlarmNames=[identity], AlarmTypes=["CompositeAlarm"]
        )
        for alarm in response["CompositeAlarms"]:
            arn = str(alarm["AlarmArn"])
            tags = op.aws.cloudwatch.list_tags_for_resource(ResourceARN=arn).get("Tags")
            return {
                "alarmName": alarm["AlarmName"],
                "arn": arn,
                "tags": tag_map(tags),
                **found(_ALARM, alarm),
                **_suppressor(alarm),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteAlarms."""
        op.aws.cloudwatch.delete_alarms(AlarmNames=[identity])


def _suppressor(alarm: Mapping[str, Any]) -> Properties:
    described = found(_SUPPRESSOR, alarm) if alarm.get("ActionsSuppressor") else {}
    return {"actionsSuppressor": described} if described else {}
