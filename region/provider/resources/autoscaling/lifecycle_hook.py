"""Lifecycle hooks of Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, found, given
from region.provider.operation import Operation
from region.provider.values import Properties

_HOOK = {
    "LifecycleTransition": "lifecycleTransition",
    "DefaultResult": "defaultResult",
    "HeartbeatTimeout": "heartbeatTimeout",
    "NotificationMetadata": "notificationMetadata",
    "NotificationTargetARN": "notificationTargetArn",
    "RoleARN": "roleArn",
}
_TRANSITIONS = ("autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING")
_DEFAULT_HEARTBEAT = 3600


class LifecycleHook(Handler):
    """`aws.autoscaling.LifecycleHook`."""

    resource_type = "aws:autoscaling/lifecycleHook:LifecycleHook"
    supported = frozenset({"autoscalingGroupName", "name", *_HOOK.values()})
    computed = frozenset({"defaultResult"})
    fixed_identity: ClassVar = True

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check transition, result and heartbeat."""
        yield from checks.one_of(
            "lifecycleTransition", inputs.get("lifecycleTransition"), _TRANSITIONS
        )
        yield from checks.one_of(
            "defaultResult", inputs.get("defaultResult"), ("CONTINUE", "ABANDON")
        )
        yield from checks.within("heartbeatTimeout", inputs.get("heartbeatTimeout"), 30, 7200)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutLifecycleHook; the id is the hook's name."""
        _put(op, inputs)
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutLifecycleHook again."""
        if old is None:
            return
        if old["autoscalingGroupName"] != new["autoscalingGroupName"]:
            _delete(op, old["autoscalingGroupName"], identity)
        _put(op, new)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the hook; its id for an import is `<group>/<hook>`."""
        group, _, name = identity.rpartition("/")
        group = state.get("autoscalingGroupName") or group
        groups = op.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        if not groups["AutoScalingGroups"]:
            return None
        response = op.aws.autoscaling.describe_lifecycle_hooks(
            AutoScalingGroupName=group, LifecycleHookNames=[name]
        )
        for hook in response["LifecycleHooks"]:
            described = found(_HOOK, hook)
            if (
                described.get("heartbeatTimeout") == _DEFAULT_HEARTBEAT
                and state.get("heartbeatTimeout") is None
            ):
                del described["heartbeatTimeout"]
            return {"autoscalingGroupName": group, "name": name, **described}
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteLifecycleHook."""
        if self.read(op, identity, state) is not None:
            _delete(op, state["autoscalingGroupName"], state["name"])


def _put(op: Operation, inputs: Properties) -> None:
    op.aws.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=inputs["autoscalingGroupName"],
        LifecycleHookName=inputs["name"],
        **given(_HOOK, inputs),
    )


def _delete(op: Operation, group: str, name: str) -> None:
    op.aws.autoscaling.delete_lifecycle_hook(AutoScalingGroupName=group, LifecycleHookName=name)
