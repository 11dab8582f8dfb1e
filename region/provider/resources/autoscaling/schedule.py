"""Scheduled actions of Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from typing_extensions import override

from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given
from region.provider.operation import Operation
from region.provider.values import Properties

UNCHANGED = -1
"""The provider's value for a size that the action leaves as it is."""
_SIZES = {"MinSize": "minSize", "MaxSize": "maxSize", "DesiredCapacity": "desiredCapacity"}
_TIMES = {
    "StartTime": "startTime",
    "EndTime": "endTime",
    "Recurrence": "recurrence",
    "TimeZone": "timeZone",
}


class Schedule(Handler):
    """`aws.autoscaling.Schedule`."""

    resource_type = "aws:autoscaling/schedule:Schedule"
    supported = frozenset(
        {"autoscalingGroupName", "scheduledActionName", *_SIZES.values(), *_TIMES.values()}
    )
    computed = frozenset({*_SIZES.values(), *_TIMES.values()})
    fixed_identity: ClassVar = True

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that there is a time."""
        if inputs.get("startTime") is None and inputs.get("recurrence") is None:
            reason = "a schedule needs 'startTime' or 'recurrence'; set one of them"
            yield CheckFailure("startTime", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutScheduledUpdateGroupAction; the id is the action's name."""
        self._put(op, inputs)
        return inputs["scheduledActionName"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutScheduledUpdateGroupAction again."""
        if old is not None:
            self._put(op, new)

    def _put(self, op: Operation, inputs: Properties) -> None:
        # As in AWS's provider, a size that is not set is 0.
        sizes = {parameter: inputs.get(name, 0) for parameter, name in _SIZES.items()}
        op.aws.autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=inputs["autoscalingGroupName"],
            ScheduledActionName=inputs["scheduledActionName"],
            **{parameter: size for parameter, size in sizes.items() if size != UNCHANGED},
            **given(_TIMES, inputs),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the action; its id for an import is `<group>/<action>`."""
        group, name = _key(identity, state)
        response = op.aws.autoscaling.describe_scheduled_actions(
            AutoScalingGroupName=group, ScheduledActionNames=[name]
        )
        for action in response["ScheduledUpdateGroupActions"]:
            times = {
                name: _text(action[parameter])
                for parameter, name in _TIMES.items()
                if action.get(parameter) is not None
            }
            return {
                "autoscalingGroupName": group,
                "scheduledActionName": name,
                "arn": action["ScheduledActionARN"],
                **{key: action.get(parameter, UNCHANGED) for parameter, key in _SIZES.items()},
                **times,
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteScheduledAction; one that has run, or whose group is gone, is gone too."""
        if self.read(op, identity, state) is not None:
            group, name = _key(identity, state)
            op.aws.autoscaling.delete_scheduled_action(
                AutoScalingGroupName=group, ScheduledActionName=name
            )


def _key(identity: str, state: Properties) -> tuple[str, str]:
    if "autoscalingGroupName" in state:
        return state["autoscalingGroupName"], state["scheduledActionName"]
    group, _, name = identity.partition("/")
    return group, name


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
