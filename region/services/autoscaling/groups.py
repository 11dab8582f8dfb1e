"""moto's Auto Scaling groups and their members as patches and controller handle them.

Callers hold the control plane's lock. A `member` is an instance's membership of a group, moto's
InstanceState.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final, cast

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.ec2.models.instances import Instance
from moto.elbv2.models import FakeTargetGroup

from region.services.autoscaling import activities, announcements
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.scaling import policies
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

LAUNCHING_TRANSITION: Final = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING_TRANSITION: Final = "autoscaling:EC2_INSTANCE_TERMINATING"
DELETING: Final = "Delete in progress"
CODEDEPLOY_HOOK: Final = "CodeDeploy-managed-automatic-"
CODEDEPLOY_LAUNCH_HOOK: Final = f"{CODEDEPLOY_HOOK}launch-deployment-hook"
"""Prefix of the hooks that CodeDeploy puts on a group; the gates decide for them."""

PENDING, PENDING_WAIT, PENDING_PROCEED = "Pending", "Pending:Wait", "Pending:Proceed"
IN_SERVICE: Final = "InService"
TERMINATING, TERMINATING_WAIT = "Terminating", "Terminating:Wait"
TERMINATING_PROCEED, RETAINED = "Terminating:Proceed", "Terminating:Retained"
ENTERING_STANDBY, STANDBY, DETACHING = "EnteringStandby", "Standby", "Detaching"

LAUNCHING: Final = frozenset({PENDING, PENDING_WAIT, PENDING_PROCEED})
ENDING: Final = frozenset({TERMINATING, TERMINATING_WAIT, TERMINATING_PROCEED})
COUNTED: Final = LAUNCHING | {IN_SERVICE}
"""The states of instances that make up a group's capacity."""

PROCESSES: Final = (
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)


def require_group(backend: AutoScalingBackend, name: str) -> FakeAutoScalingGroup:
    """Return the group of that name.

    Raises:
        ValidationError: If there is none, with AWS's message.
    """
    group = backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - {name}")
    return group


def require_member(backend: AutoScalingBackend, instance_id: str) -> InstanceState:
    """Return an instance's membership.

    Raises:
        ValidationError: If no group has the instance, with AWS's message.
    """
    for group in backend.autoscaling_groups.values():
        for member in group.instance_states:
            if member.instance.id == instance_id:
                return member
    message = f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
    raise ValidationError(message)


def group_of(member: InstanceState) -> FakeAutoScalingGroup:
    """Return the group that an instance belongs to."""
    return cast("FakeAutoScalingGroup", member.auto_scaling_group)  # moto types it as optional


def counted(group: FakeAutoScalingGroup) -> list[InstanceState]:
    """Return the members that make up the group's capacity: launching or in service."""
    return [member for member in group.instance_states if member.lifecycle_state in COUNTED]


def staying(group: FakeAutoScalingGroup) -> list[InstanceState]:
    """Return the members that are not on their way out."""
    return [
        member
        for member in group.instance_states
        if not member.lifecycle_state.startswith(TERMINATING)
    ]


def shrink(group: FakeAutoScalingGroup) -> str:
    """Take one off the desired capacity, and return the words about it for a cause."""
    before = group.desired_capacity or 0
    group.desired_capacity = before - 1
    return f", shrinking the capacity from {before} to {before - 1}"


def refuse_if_deleting(group: FakeAutoScalingGroup) -> None:
    """Reject a change of a group that is being deleted.

    Raises:
        AutoscalingClientError: If it is.
    """
    if GroupRecord.of(group).status is not None:
        message = f"AutoScalingGroup {group.name} is pending delete and cannot be changed."
        raise AutoscalingClientError("ScalingActivityInProgress", message)


def suspended_processes(group: FakeAutoScalingGroup) -> frozenset[str]:
    """Return the names of the group's suspended processes."""
    return frozenset(entry["ProcessName"] for entry in group.suspended_processes)


def health_check_types(group: FakeAutoScalingGroup) -> frozenset[str]:
    """Return the group's types of health checks; EC2 is always one."""
    given = (part.strip() for part in (group.health_check_type or "").split(","))
    return frozenset({"EC2", *filter(None, given)})


def set_capacity(group: FakeAutoScalingGroup, desired: int, why: str) -> None:
    """Set a group's desired capacity; `why` goes into the causes of what follows."""
    if desired != group.desired_capacity:
        record = GroupRecord.of(group)
        record.protected_at = None
        record.capacity_cause = (
            f"At {activities.timestamp()} {why} changing the desired capacity from "
            f"{group.desired_capacity} to {desired}."
        )
        GroupRecord.of(group).scaling.begin_cooldown()
    group.desired_capacity = desired


def add_member(group: FakeAutoScalingGroup, instance: Instance) -> InstanceState:
    """Add an instance that was just launched for the group, or that is attached to it."""
    # moto takes the group from the instance if that was in one before.
    vars(instance).pop("autoscaling_group", None)
    member = InstanceState(
        instance,
        lifecycle_state=PENDING,
        protected_from_scale_in=group.new_instances_protected_from_scale_in,
        autoscaling_group=group,
    )
    group.instance_states.append(member)
    return member


def is_up(instance: Instance) -> bool:
    """Return whether an instance runs and passes its status checks."""
    return instance.state_code == ec2.RUNNING and not InstanceRecord.of(instance).impairment


def begin_termination(backend: AutoScalingBackend, member: InstanceState, cause: str) -> None:
    """Begin to take an instance out of its group; the controller does the rest."""
    if member.lifecycle_state in ENDING:
        return
    record = MemberRecord.of(member)
    if member.lifecycle_state == RETAINED:
        record.without_hooks = True
    if member.lifecycle_state in LAUNCHING:
        message = f"Instance {member.instance.id} was terminated before it was in service."
        activities.finish(backend, record.launch_activity, "Cancelled", message)
    member.lifecycle_state = TERMINATING
    record.leaving_since = time.time()
    record.out_of_traffic = False
    record.hook_waits.clear()
    record.termination_activity = activities.begin(
        backend,
        group_of(member),
        f"{announcements.TERMINATING}: {member.instance.id}",
        cause,
        activities.place(member.availability_zone or "", member.instance.subnet_id or ""),
    )


def remove_group(backend: AutoScalingBackend, group: FakeAutoScalingGroup) -> None:
    """Delete a group without instances, with its hooks, policies and scheduled actions."""
    backend.autoscaling_groups.pop(group.name, None)
    for member in GroupRecord.of(group).warm:
        member.instance.terminate()
    for name, hook in list(backend.lifecycle_hooks.items()):
        if hook.auto_scaling_group_name == group.name:
            del backend.lifecycle_hooks[name]
    policies.delete_all(backend, group.name)
    for name, action in list(backend.scheduled_actions.items()):
        if action.auto_scaling_group_name == group.name:
            del backend.scheduled_actions[name]


def target_groups_of(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup
) -> Iterator[FakeTargetGroup]:
    """Yield the target groups of a group; one that was deleted is passed over."""
    known = backend.elbv2_backend.target_groups
    for arn in group.target_group_arns:
        if arn in known:
            yield known[arn]


def register(
    backend: AutoScalingBackend, target_group_arn: str, instance_ids: Iterable[str]
) -> None:
    """Register instances with a target group on its own port; a deleted group is ignored."""
    target_group = backend.elbv2_backend.target_groups.get(target_group_arn)
    if target_group is None:
        return
    new = [name for name in instance_ids if name not in target_group.targets]
    if new:
        backend.elbv2_backend.register_targets(
            target_group_arn, [{"Id": name, "Port": target_group.port} for name in new]
        )


def deregister(backend: AutoScalingBackend, target_group_arn: str, instance_id: str) -> None:
    """Take an instance out of a target group, if it is in it."""
    target_group = backend.elbv2_backend.target_groups.get(target_group_arn)
    if target_group is not None and instance_id in target_group.targets:
        backend.elbv2_backend.deregister_targets(target_group_arn, [{"Id": instance_id}])
