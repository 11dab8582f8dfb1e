"""What metric alarms and composite alarms have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from typing_extensions import override

from region.provider.handler import Handler, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

ACTIONS = {
    "AlarmDescription": "alarmDescription",
    "ActionsEnabled": "actionsEnabled",
    "AlarmActions": "alarmActions",
    "OKActions": "okActions",
    "InsufficientDataActions": "insufficientDataActions",
}
"""Parameters of both calls that put an alarm, and the inputs that they come from."""
ACTION_LISTS = ("alarmActions", "okActions", "insufficientDataActions")


class Alarm(Handler):
    """An alarm, whose id is its name."""

    name_input: ClassVar[str]
    """The input that has the name."""

    @abstractmethod
    def put(self, op: Operation, inputs: Properties, **more: Any) -> None:
        """Call what creates the alarm, or replaces everything except its state and its tags."""

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Put the alarm with its tags; the id is the name."""
        self.put(op, inputs, Tags=tag_list(inputs.get("tags")))
        return inputs[self.name_input]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Put the alarm again, and change its tags."""
        if old is None:
            return
        cloudwatch, arn = op.aws.cloudwatch, alarm_arn(op, identity)
        self.put(op, new)
        sync_tags(
            new,
            old,
            lambda tags: cloudwatch.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
            lambda keys: cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
        )

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteAlarms."""
        op.aws.cloudwatch.delete_alarms(AlarmNames=[identity])


def alarm_arn(op: Operation, name: str) -> str:
    """Return an alarm's ARN."""
    return op.arn("cloudwatch", f"alarm:{name}")


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    """Return an alarm's tags."""
    return tag_map(op.aws.cloudwatch.list_tags_for_resource(ResourceARN=arn).get("Tags"))
