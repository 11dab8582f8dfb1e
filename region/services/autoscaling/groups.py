"""moto's Auto Scaling groups as calls and controller handle them.

Callers hold the control plane's lock. A `state` is an instance's membership of a group (moto's
InstanceState) with the attributes that the overrides add.
"""

import time
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import InstanceState

from region.services.autoscaling import activities

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
DELETING = "Delete in progress"
PENDING, WAITING, IN_SERVICE, LEAVING = "Pending", "Pending:Wait", "InService", "Terminating"


def require_group(backend: Any, name: str | None) -> Any:
    """The group of that name; raises AWS's ValidationError if there is none."""
    group = backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - {name}")
    return group


def require_member(backend: Any, instance_id: str) -> Any:
    """An instance's membership; raises AWS's ValidationError if no group has it."""
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance.id == instance_id:
                return state
    raise ValidationError(f"Instance Id not found - No managed instance found for {instance_id}")


def refuse_if_deleting(group: Any) -> None:
    """Raise if the group is on its way out."""
    if group.status is not None:
        message = f"AutoScalingGroup {group.name} is pending delete and cannot be changed."
        raise AutoscalingClientError("ScalingActivityInProgress", message)


def suspended_processes(group: Any) -> frozenset[str]:
    """The names of the group's suspended processes."""
    return frozenset(entry["ProcessName"] for entry in group.suspended_processes)


def set_capacity(group: Any, desired: int, why: str) -> None:
    """Set a group's desired capacity; `why` goes into the causes of what follows."""
    if desired != group.desired_capacity:
        group.capacity_cause = (
            f"At {activities.timestamp()} {why} changing the desired capacity from "
            f"{group.desired_capacity} to {desired}."
        )
    group.desired_capacity = desired


def new_member(group: Any, instance: Any) -> Any:
    """Make an instance that was just launched for the group a member of it."""
    state = InstanceState(
        instance,
        lifecycle_state=PENDING,
        protected_from_scale_in=group.new_instances_protected_from_scale_in,
        autoscaling_group=group,
    )
    group.instance_states.append(state)
    return state


def mark_leaving(backend: Any, state: Any, cause: str) -> None:
    """Begin to take an instance out of its group; the controller does the rest."""
    if state.lifecycle_state == LEAVING:
        return
    state.lifecycle_state = LEAVING
    state.leaving_since = time.time()
    state.out_of_traffic = False
    state.end_activity = activities.begin(
        backend, state.auto_scaling_group, f"Terminating EC2 instance: {state.instance.id}", cause
    )


def remove_group(backend: Any, group: Any) -> None:
    """Forget a group without instances, and its hooks and policies."""
    backend.autoscaling_groups.pop(group.name, None)
    for owned in (backend.lifecycle_hooks, backend.policies):
        for key, value in list(owned.items()):
            if value.auto_scaling_group_name == group.name:
                del owned[key]


def register(backend: Any, target_group_arn: str, instance_ids: list[str]) -> None:
    """Register instances with a target group, on its own port; a deleted group is passed over."""
    target_group = backend.elbv2_backend.target_groups.get(target_group_arn)
    if target_group is None:
        return
    new = [name for name in instance_ids if name not in target_group.targets]
    if new:
        backend.elbv2_backend.register_targets(
            target_group_arn, [{"Id": name, "Port": target_group.port} for name in new]
        )


def deregister(backend: Any, target_group_arn: str, instance_id: str) -> None:
    """Take an instance out of a target group, if it is in it."""
    target_group = backend.elbv2_backend.target_groups.get(target_group_arn)
    if target_group is not None and instance_id in target_group.targets:
        backend.elbv2_backend.deregister_targets(target_group_arn, [{"Id": instance_id}])
