"""Auto Scaling calls about single instances: health, termination and lifecycle hooks."""

from __future__ import annotations

import time

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.autoscaling import activities
from region.services.autoscaling.groups import (
    LAUNCHING_TRANSITION,
    begin_termination,
    group_of,
    require_group,
    require_member,
)
from region.services.autoscaling.records import MemberRecord

patches = Patches()


@patches.method(AutoScalingResponse)
def terminate_instance_in_auto_scaling_group(self: AutoScalingResponse) -> ActionResult:
    """Take an instance out of its group; it is replaced unless the capacity is lowered."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    member = require_member(backend, given.text("InstanceId"))
    group = group_of(member)
    cause = (
        f"At {activities.timestamp()} instance {member.instance.id} was taken out of service "
        "in response to a user request"
    )
    if given.flag("ShouldDecrementDesiredCapacity"):
        before = group.desired_capacity or 0
        if before <= (group.min_size or 0):
            message = (
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance "
                "without replacement will violate group's min size constraint. Either set "
                "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
            raise ValidationError(message)
        group.desired_capacity = before - 1
        cause += f", shrinking the capacity from {before} to {before - 1}"
    begin_termination(backend, member, f"{cause}.")
    found = activities.find(backend, ids=[MemberRecord.of(member).termination_activity])
    return ActionResult({"Activity": found[0]})


@patches.method(AutoScalingResponse)
def set_instance_health(self: AutoScalingResponse) -> EmptyResult:
    """Store a health status; the controller replaces an unhealthy instance."""
    given = Parameters(self)
    status = given.text("HealthStatus")
    if status not in {"Healthy", "Unhealthy"}:
        raise ValidationError(f"HealthStatus {status} must be Healthy or Unhealthy.")
    member = require_member(self.autoscaling_backend, given.text("InstanceId"))
    record = MemberRecord.of(member)
    grace = group_of(member).health_check_grace_period or 0
    respected = given.get("ShouldRespectGracePeriod") is None or given.flag(
        "ShouldRespectGracePeriod"
    )
    if not (respected and time.time() < record.in_service_at + grace):
        member.health_status = status
        record.health_cause = "a user health-check"
    return EmptyResult()


@patches.method(AutoScalingResponse)
def put_lifecycle_hook(self: AutoScalingResponse) -> EmptyResult:
    """Store a hook on launches."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    group = require_group(backend, given.text("AutoScalingGroupName"))
    transition = given.text("LifecycleTransition") or LAUNCHING_TRANSITION
    if transition != LAUNCHING_TRANSITION:
        message = (
            f"LifecycleTransition {transition} is not supported: the local region has hooks on "
            f"{LAUNCHING_TRANSITION} only."
        )
        raise ValidationError(message)
    hook = backend.create_lifecycle_hook(
        name=given.text("LifecycleHookName"),
        as_name=group.name,
        transition=transition,
        timeout=given.integer("HeartbeatTimeout"),
        result=given.get("DefaultResult"),
    )
    hook.role_arn = given.get("RoleARN")
    hook.notification_target_arn = given.get("NotificationTargetARN")
    return EmptyResult()


@patches.method(AutoScalingResponse)
def complete_lifecycle_action(self: AutoScalingResponse) -> EmptyResult:
    """Complete a hook that an instance waits for."""
    result = Parameters(self).text("LifecycleActionResult")
    if result not in {"CONTINUE", "ABANDON"}:
        raise ValidationError(f"LifecycleActionResult {result} must be CONTINUE or ABANDON.")
    member, hook = _waiting(self)
    record = MemberRecord.of(member)
    del record.hook_deadlines[hook]
    record.hook_results[hook] = result
    return EmptyResult()


@patches.method(AutoScalingResponse)
def record_lifecycle_action_heartbeat(self: AutoScalingResponse) -> EmptyResult:
    """Restart the heartbeat timeout of a hook that an instance waits for."""
    member, hook = _waiting(self)
    hooks = self.autoscaling_backend.lifecycle_hooks
    timeout = hooks[f"{member.auto_scaling_group_name}_{hook}"].heartbeat_timeout
    MemberRecord.of(member).hook_deadlines[hook] = time.time() + timeout
    return EmptyResult()


def _waiting(response: AutoScalingResponse) -> tuple[InstanceState, str]:
    """Return the member that waits for the call's hook, and the hook's name."""
    given = Parameters(response)
    hook, instance_id = given.text("LifecycleHookName"), given.text("InstanceId")
    group = require_group(response.autoscaling_backend, given.text("AutoScalingGroupName"))
    for member in group.instance_states:
        if member.instance.id == instance_id and hook in MemberRecord.of(member).hook_deadlines:
            return member, hook
    message = f"No active Lifecycle Action found with instance ID {instance_id} and hook {hook}"
    raise ValidationError(message)
