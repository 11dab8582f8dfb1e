"""Calls about lifecycle hooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling import groups, hook_messages, lifecycle, periods
from region.services.autoscaling.groups import LAUNCHING_TRANSITION, TERMINATING_TRANSITION
from region.services.autoscaling.records import MemberRecord, members_of

MOST_HOOKS: Final = 50
RESULTS: Final = ("CONTINUE", "ABANDON")

patches = Patches()


@patches.method(AutoScalingResponse)
def put_lifecycle_hook(self: AutoScalingResponse) -> EmptyResult:
    """Create a hook, or change what is given of one that exists."""
    given = Parameters(self)
    group = groups.require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    names = (
        "LifecycleHookName",
        "LifecycleTransition",
        "HeartbeatTimeout",
        "DefaultResult",
        "RoleARN",
        "NotificationTargetARN",
        "NotificationMetadata",
    )
    wanted = {name: given.get(name) for name in names}
    put(self.autoscaling_backend, group, wanted)
    return EmptyResult()


@patches.around(AutoScalingResponse, "describe_lifecycle_hooks")
def _describe_lifecycle_hooks(moto: Original, self: AutoScalingResponse) -> object:
    """Describe the hooks of a group that is there."""
    groups.require_group(self.autoscaling_backend, Parameters(self).text("AutoScalingGroupName"))
    return moto(self)


def put(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, wanted: Mapping[str, Any]
) -> None:
    """Create or change a hook of a group; `wanted` has PutLifecycleHook's parameters.

    Raises:
        ValidationError: If AWS would refuse it.
    """
    name = str(wanted["LifecycleHookName"])
    key = f"{group.name}_{name}"
    known = backend.lifecycle_hooks.get(key)
    check(wanted, new=known is None)
    if known is None and len(backend.describe_lifecycle_hooks(group.name)) >= MOST_HOOKS:
        message = f"The group {group.name} has {MOST_HOOKS} lifecycle hooks, more are not possible."
        raise AutoscalingClientError("LimitExceeded", message)
    target = wanted.get("NotificationTargetARN")
    if target and known is None and not wanted.get("RoleARN"):
        raise ValidationError("RoleARN is required for a new lifecycle hook with a target.")
    if target:
        try:
            hook_messages.test_target(backend, group, str(target))
        except hook_messages.UnreachableTargetError as error:
            message = (
                "Unable to publish test message to notification target "
                f"{target} using IAM role {wanted.get('RoleARN')}. {error}"
            )
            raise ValidationError(message) from error
    hook = known or backend.create_lifecycle_hook(
        name=name,
        as_name=group.name,
        transition=str(wanted["LifecycleTransition"]),
        timeout=None,
        result="ABANDON",
    )
    if known is None:
        vars(hook).update(role_arn=None, notification_target_arn=None, notification_metadata=None)
    changes = {
        "lifecycle_transition": wanted.get("LifecycleTransition"),
        "heartbeat_timeout": wanted.get("HeartbeatTimeout"),
        "default_result": wanted.get("DefaultResult"),
        "role_arn": wanted.get("RoleARN"),
        "notification_target_arn": target,
        "notification_metadata": wanted.get("NotificationMetadata"),
    }
    vars(hook).update({field: value for field, value in changes.items() if value is not None})
    # An empty target clears it.
    hook.notification_target_arn = hook.notification_target_arn or None  # pyright: ignore[reportAttributeAccessIssue]
    hook.heartbeat_timeout = int(hook.heartbeat_timeout)
    hook.global_timeout = int(lifecycle.longest_wait(hook.heartbeat_timeout))


def check(wanted: Mapping[str, Any], *, new: bool) -> None:
    """Reject the parameters of a hook that AWS refuses.

    Raises:
        ValidationError: For these.
    """
    transition = wanted.get("LifecycleTransition")
    if new and not transition:
        raise ValidationError("LifecycleTransition is required for a new lifecycle hook.")
    if transition not in {None, LAUNCHING_TRANSITION, TERMINATING_TRANSITION}:
        message = (
            f"Lifecycle Transition '{transition}' is not one of [{LAUNCHING_TRANSITION}, "
            f"{TERMINATING_TRANSITION}]."
        )
        raise ValidationError(message)
    timeout = wanted.get("HeartbeatTimeout")
    least, most = periods.SHORTEST_HEARTBEAT.seconds, periods.LONGEST_HEARTBEAT.seconds
    if timeout is not None and not least <= int(timeout) <= most:
        message = (
            f"HeartbeatTimeout {timeout} must be between {least:g} and {most:g} seconds, inclusive."
        )
        raise ValidationError(message)
    result = wanted.get("DefaultResult")
    if result not in {None, *RESULTS}:
        raise ValidationError(f"DefaultResult {result} must be one of {', '.join(RESULTS)}.")


@patches.method(AutoScalingResponse)
def delete_lifecycle_hook(self: AutoScalingResponse) -> EmptyResult:
    """Delete a hook; instances that wait for it go on: launches abandoned, terminations continued."""
    backend, given = self.autoscaling_backend, Parameters(self)
    group = groups.require_group(backend, given.text("AutoScalingGroupName"))
    name = given.text("LifecycleHookName")
    hook = backend.lifecycle_hooks.pop(f"{group.name}_{name}", None)
    if hook is None:
        raise ValidationError(f"No Lifecycle Hook found with name: {name}")
    launching = hook.lifecycle_transition == LAUNCHING_TRANSITION
    for member in members_of(group):
        if name in MemberRecord.of(member).hook_waits:
            lifecycle.end(member, name, "ABANDON" if launching else "CONTINUE")
    return EmptyResult()


@patches.method(AutoScalingResponse)
def complete_lifecycle_action(self: AutoScalingResponse) -> EmptyResult:
    """Complete a hook that an instance waits for."""
    result = Parameters(self).text("LifecycleActionResult")
    if result not in RESULTS:
        raise ValidationError(f"LifecycleActionResult {result} must be CONTINUE or ABANDON.")
    member, hook = _waiting(self)
    lifecycle.end(member, hook, result)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def record_lifecycle_action_heartbeat(self: AutoScalingResponse) -> EmptyResult:
    """Restart the heartbeat timeout of a hook that an instance waits for."""
    member, hook = _waiting(self)
    lifecycle.extend(member, hook)
    return EmptyResult()


def _waiting(response: AutoScalingResponse) -> tuple[InstanceState, str]:
    """Return the member that waits for the call's hook, and the hook's name."""
    given = Parameters(response)
    hook, instance_id = given.text("LifecycleHookName"), given.text("InstanceId")
    token = given.text("LifecycleActionToken")
    # The group may be given by its ARN.
    name = given.text("AutoScalingGroupName").rpartition("autoScalingGroupName/")[2]
    group = groups.require_group(response.autoscaling_backend, name)
    member = lifecycle.find_waiting(group, hook, instance_id=instance_id, token=token)
    if member is None:
        which = f"token {token}" if token else f"instance ID {instance_id}"
        raise ValidationError(f"No active Lifecycle Action found with {which}")
    return member, hook
