"""Auto Scaling calls about single instances: health, termination and lifecycle hooks."""

import time
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.patching import Patches
from region.services.autoscaling import activities
from region.services.autoscaling.groups import (
    LAUNCHING,
    mark_leaving,
    require_group,
    require_member,
)

patches = Patches()


@patches.method(AutoScalingResponse)
def terminate_instance_in_auto_scaling_group(self: Any) -> ActionResult:
    """Take an instance out of its group; it is replaced unless the capacity is lowered."""
    backend = self.autoscaling_backend
    state = require_member(backend, self._get_param("InstanceId"))
    group = state.auto_scaling_group
    cause = (
        f"At {activities.timestamp()} instance {state.instance.id} was taken out of service "
        "in response to a user request"
    )
    if self._get_bool_param("ShouldDecrementDesiredCapacity", False):
        before = group.desired_capacity
        if before <= group.min_size:
            message = (
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance "
                "without replacement will violate group's min size constraint. Either set "
                "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
            raise ValidationError(message)
        group.desired_capacity = before - 1
        cause += f", shrinking the capacity from {before} to {before - 1}"
    mark_leaving(backend, state, f"{cause}.")
    found = activities.find(backend, group.name, [state.end_activity])
    return ActionResult({"Activity": found[0]})


@patches.method(AutoScalingResponse)
def set_instance_health(self: Any) -> EmptyResult:
    """Store a health status; the controller replaces an unhealthy instance."""
    status = self._get_param("HealthStatus")
    if status not in {"Healthy", "Unhealthy"}:
        raise ValidationError(f"HealthStatus {status} must be Healthy or Unhealthy.")
    state = require_member(self.autoscaling_backend, self._get_param("InstanceId"))
    grace = state.auto_scaling_group.health_check_grace_period
    respected = self._get_bool_param("ShouldRespectGracePeriod", True)
    if not (respected and time.time() < state.in_service_at + grace):
        state.health_status = status
        state.health_cause = "a user health-check"
    return EmptyResult()


@patches.method(AutoScalingResponse)
def put_lifecycle_hook(self: Any) -> EmptyResult:
    """Store a hook on launches."""
    backend = self.autoscaling_backend
    group = require_group(backend, self._get_param("AutoScalingGroupName"))
    transition = self._get_param("LifecycleTransition") or LAUNCHING
    if transition != LAUNCHING:
        message = (
            f"LifecycleTransition {transition} is not supported: the local region has hooks on "
            f"{LAUNCHING} only."
        )
        raise ValidationError(message)
    hook = backend.create_lifecycle_hook(
        name=self._get_param("LifecycleHookName"),
        as_name=group.name,
        transition=transition,
        timeout=self._get_int_param("HeartbeatTimeout"),
        result=self._get_param("DefaultResult"),
    )
    hook.role_arn = self._get_param("RoleARN")
    hook.notification_target_arn = self._get_param("NotificationTargetARN")
    return EmptyResult()


@patches.method(AutoScalingResponse)
def complete_lifecycle_action(self: Any) -> EmptyResult:
    """Say how an instance that waits for a hook goes on."""
    result = self._get_param("LifecycleActionResult")
    if result not in {"CONTINUE", "ABANDON"}:
        raise ValidationError(f"LifecycleActionResult {result} must be CONTINUE or ABANDON.")
    state, hook = _waiting(self)
    del state.hook_deadlines[hook]
    state.hook_results[hook] = result
    return EmptyResult()


@patches.method(AutoScalingResponse)
def record_lifecycle_action_heartbeat(self: Any) -> EmptyResult:
    """Give an instance that waits for a hook another heartbeat timeout."""
    state, hook = _waiting(self)
    hooks = self.autoscaling_backend.lifecycle_hooks
    timeout = hooks[f"{state.auto_scaling_group_name}_{hook}"].heartbeat_timeout
    state.hook_deadlines[hook] = time.time() + timeout
    return EmptyResult()


def _waiting(response: Any) -> tuple[Any, str]:
    name, hook, instance_id = (
        response._get_param(parameter)  # noqa: SLF001
        for parameter in ("AutoScalingGroupName", "LifecycleHookName", "InstanceId")
    )
    group = require_group(response.autoscaling_backend, name)
    for state in group.instance_states:
        if state.instance.id == instance_id and hook in state.hook_deadlines:
            return state, hook
    message = f"No active Lifecycle Action found with instance ID {instance_id} and hook {hook}"
    raise ValidationError(message)
