"""Calls about single instances of a group: health, termination, protection, processes."""

from __future__ import annotations

import time
from typing import Final

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling import activities, groups, health, processes
from region.services.autoscaling.records import Activity, MemberRecord

MOST_TERMINATED: Final = 100
MOST_PROTECTED: Final = 50

patches = Patches()


@patches.method(AutoScalingResponse)
def terminate_instance_in_auto_scaling_group(self: AutoScalingResponse) -> ActionResult:
    """Take instances out of their group; they are replaced unless the capacity is lowered."""
    backend, given = self.autoscaling_backend, Parameters(self)
    several = given.texts("InstanceIds")
    one = given.text("InstanceId")
    if bool(one) == bool(several):
        raise ValidationError("Either InstanceId or InstanceIds must be specified.")
    if several:
        group = groups.require_group(backend, given.text("AutoScalingGroupName"))
        check_count(several, MOST_TERMINATED)
        members = [member_of(group, name) for name in several]
    else:
        members = [groups.require_member(backend, one)]
        group = groups.group_of(members[0])
    groups.refuse_if_deleting(group)
    decrement = given.flag("ShouldDecrementDesiredCapacity")
    if decrement:
        counted = [member for member in members if member.lifecycle_state in groups.COUNTED]
        check_decrement(group, len(counted), "Terminating instance")
    found = [_terminate(backend, group, member, decrement=decrement) for member in members]
    return ActionResult({"Activities": found} if several else {"Activity": found[0]})


def _terminate(
    backend: AutoScalingBackend,
    group: FakeAutoScalingGroup,
    member: InstanceState,
    *,
    decrement: bool,
) -> Activity:
    cause = (
        f"At {activities.timestamp()} instance {member.instance.id} was taken out of service "
        "in response to a user request"
    )
    if decrement and member.lifecycle_state in groups.COUNTED:
        cause += groups.shrink(group)
    groups.begin_termination(backend, member, f"{cause}.")
    return activities.find(backend, ids=[MemberRecord.of(member).termination_activity])[0]


def member_of(group: FakeAutoScalingGroup, instance_id: str) -> InstanceState:
    """Return an instance's membership of a group.

    Raises:
        ValidationError: If it is not in it, with AWS's message.
    """
    for member in group.instance_states:
        if member.instance.id == instance_id:
            return member
    message = f"The instance {instance_id} is not part of Auto Scaling group {group.name}."
    raise ValidationError(message)


def check_count(instance_ids: list[str], most: int) -> None:
    """Reject a call without instances, or with more than it may have."""
    if not 1 <= len(instance_ids) <= most:
        raise ValidationError(f"{len(instance_ids)} instance ids were given: give 1 to {most}.")


def check_decrement(group: FakeAutoScalingGroup, count: int, doing: str) -> None:
    """Reject a call that would lower the desired capacity below the minimum size."""
    desired, minimum = group.desired_capacity or 0, group.min_size or 0
    if desired - count < minimum:
        message = (
            f"Currently, desiredSize equals minSize ({minimum}). {doing} without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag "
            "to false or lower group's min size."
        )
        raise ValidationError(message)


@patches.method(AutoScalingResponse)
def set_instance_health(self: AutoScalingResponse) -> EmptyResult:
    """Store a health status; the controller replaces an unhealthy instance."""
    given = Parameters(self)
    status = given.text("HealthStatus")
    if status not in {"Healthy", "Unhealthy"}:
        raise ValidationError(f"HealthStatus {status} must be Healthy or Unhealthy.")
    member = groups.require_member(self.autoscaling_backend, given.text("InstanceId"))
    if member.lifecycle_state in groups.ENDING:
        raise ValidationError(f"Instance {member.instance.id} is terminating.")
    respected = given.get("ShouldRespectGracePeriod") is None or given.flag(
        "ShouldRespectGracePeriod"
    )
    if status == "Healthy":
        member.health_status = status
        MemberRecord.of(member).urgent = False
    elif not respected or time.time() >= MemberRecord.of(member).grace_until:
        health.mark(member, health.USER_CAUSE, urgent=True)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def set_instance_protection(self: AutoScalingResponse) -> EmptyResult:
    """Protect instances from scale-in, or do not any more."""
    backend, given = self.autoscaling_backend, Parameters(self)
    group = groups.require_group(backend, given.text("AutoScalingGroupName"))
    names = given.texts("InstanceIds")
    check_count(names, MOST_PROTECTED)
    for member in [member_of(group, name) for name in names]:
        member.protected_from_scale_in = given.flag("ProtectedFromScaleIn")
    return EmptyResult()


@patches.method(AutoScalingResponse)
def suspend_processes(self: AutoScalingResponse) -> EmptyResult:
    """Suspend the named processes, or all of them."""
    group, names = _processes(self)
    processes.suspend(group, names, "User suspended")
    return EmptyResult()


@patches.method(AutoScalingResponse)
def resume_processes(self: AutoScalingResponse) -> EmptyResult:
    """Resume the named processes, or all of them."""
    group, names = _processes(self)
    processes.resume(group, names)
    return EmptyResult()


patches.value(FakeAutoScalingGroup, "suspended_processes", processes.write)(processes.read)


def _processes(response: AutoScalingResponse) -> tuple[FakeAutoScalingGroup, list[str]]:
    given = Parameters(response)
    group = groups.require_group(response.autoscaling_backend, given.text("AutoScalingGroupName"))
    groups.refuse_if_deleting(group)
    names = given.texts("ScalingProcesses") or list(groups.PROCESSES)
    for name in names:
        if name not in groups.PROCESSES:
            message = f"{name} is not a process type: use one of {', '.join(groups.PROCESSES)}."
            raise ValidationError(message)
    return group, names


@patches.value(InstanceState, "launch_template")
def _launch_template(self: InstanceState) -> dict[str, str] | None:
    """Return the template and version that the instance was launched with, not today's."""
    return MemberRecord.of(self).launched_template


@patches.value(InstanceState, "image_id")
def _image_id(self: InstanceState) -> str:
    return str(self.instance.image_id)


@patches.around(InstanceState, "__init__")
def _new_member(moto: Original, self: InstanceState, *args: object, **kwargs: object) -> None:
    moto(self, *args, **kwargs)
    now = time.time()
    in_service_at = now if self.lifecycle_state == groups.IN_SERVICE else 0.0
    MemberRecord(launched_at=now, in_service_at=in_service_at).attach(self)
