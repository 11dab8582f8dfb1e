"""Calls that take instances into a group, out of it, and to standby and back."""

from __future__ import annotations

from typing import Final

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    ASG_NAME_TAG,
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidInstanceIdError
from moto.ec2.models.instances import Instance

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.autoscaling import activities, groups, moves
from region.services.autoscaling.instance_patches import check_count, check_decrement, member_of
from region.services.ec2 import instances as ec2

MOST: Final = 20
"""Instances in one call."""

patches = Patches()


@patches.method(AutoScalingResponse)
def enter_standby(self: AutoScalingResponse) -> ActionResult:
    """Begin to move instances to standby."""
    backend, given = self.autoscaling_backend, Parameters(self)
    group, members = _members(backend, given, {groups.IN_SERVICE})
    decrement = _decrements(given)
    if decrement:
        check_decrement(group, len(members), "Moving instance to standby")
    ids: list[str] = []
    for member in members:
        cause = "moved to standby in response to a user request"
        if decrement:
            cause += groups.shrink(group)
        ids.append(
            moves.begin(
                backend,
                member,
                groups.ENTERING_STANDBY,
                "Moving EC2 instance to Standby",
                cause,
            )
        )
    return _answer(backend, ids)


@patches.method(AutoScalingResponse)
def exit_standby(self: AutoScalingResponse) -> ActionResult:
    """Begin to put instances that are in standby back into service."""
    backend, given = self.autoscaling_backend, Parameters(self)
    group, members = _members(backend, given, {groups.STANDBY})
    _check_increase(group, len(members))
    ids: list[str] = []
    for member in members:
        cause = f"moved out of standby in response to a user request{_grow(group)}"
        text = "Moving EC2 instance out of Standby"
        ids.append(moves.rejoin(backend, member, text, cause))
    return _answer(backend, ids)


@patches.method(AutoScalingResponse)
def detach_instances(self: AutoScalingResponse) -> ActionResult:
    """Begin to take instances out of a group that go on running."""
    backend, given = self.autoscaling_backend, Parameters(self)
    group, members = _members(backend, given, {groups.IN_SERVICE, groups.STANDBY})
    decrement = _decrements(given)
    serving = [member for member in members if member.lifecycle_state == groups.IN_SERVICE]
    if decrement:
        check_decrement(group, len(serving), "Detaching instance")
    ids: list[str] = []
    for member in members:
        cause = "detached in response to a user request"
        if decrement and member in serving:
            cause += groups.shrink(group)
        text = "Detaching EC2 instance"
        ids.append(moves.begin(backend, member, groups.DETACHING, text, cause))
    return _answer(backend, ids)


@patches.method(AutoScalingResponse)
def attach_instances(self: AutoScalingResponse) -> EmptyResult:
    """Begin to put running instances into service in a group."""
    backend, given = self.autoscaling_backend, Parameters(self)
    group = groups.require_group(backend, given.text("AutoScalingGroupName"))
    groups.refuse_if_deleting(group)
    names = given.texts("InstanceIds")
    check_count(names, MOST)
    found = [_attachable(backend, group, name) for name in names]
    _check_increase(group, len(found))
    for instance in found:
        backend.ec2_backend.create_tags([instance.id], {ASG_NAME_TAG: group.name})
        cause = f"attached in response to a user request{_grow(group)}"
        member = groups.add_member(group, instance)
        moves.rejoin(backend, member, "Attaching an existing EC2 instance", cause)
    return EmptyResult()


def _attachable(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, instance_id: str
) -> Instance:
    try:
        instance = backend.ec2_backend.get_instance(instance_id)
    except InvalidInstanceIdError as error:
        raise ValidationError(f"Invalid Instance ID(s): [{instance_id}]") from error
    if instance.state_code != ec2.RUNNING:
        state = ec2.STATE_NAMES[instance.state_code]
        raise ValidationError(f"Instance {instance_id} is {state}: it must be in state running.")
    zone = instance.placement.zone
    if zone not in group.availability_zones:
        zones = ", ".join(group.availability_zones)
        message = f"Instance {instance_id} is in {zone}, which is not a zone of the group: {zones}."
        raise ValidationError(message)
    for other in backend.autoscaling_groups.values():
        if any(member.instance.id == instance_id for member in other.instance_states):
            message = f"Instance {instance_id} is already part of Auto Scaling group {other.name}."
            raise ValidationError(message)
    return instance


def _members(
    backend: AutoScalingBackend, given: Parameters, states: set[str]
) -> tuple[FakeAutoScalingGroup, list[InstanceState]]:
    """Return the call's group and its instances, which must be in one of these states."""
    group = groups.require_group(backend, given.text("AutoScalingGroupName"))
    groups.refuse_if_deleting(group)
    names = given.texts("InstanceIds")
    check_count(names, MOST)
    members = [member_of(group, name) for name in names]
    for member in members:
        if member.lifecycle_state not in states:
            message = (
                f"The instance {member.instance.id} is in state {member.lifecycle_state}: "
                f"it must be in {' or '.join(sorted(states))}."
            )
            raise ValidationError(message)
    return group, members


def _decrements(given: Parameters) -> bool:
    if given.get("ShouldDecrementDesiredCapacity") is None:
        raise ValidationError("ShouldDecrementDesiredCapacity must be specified.")
    return given.flag("ShouldDecrementDesiredCapacity")


def _check_increase(group: FakeAutoScalingGroup, count: int) -> None:
    if "Launch" in groups.suspended_processes(group):
        raise ValidationError(f"The Launch process of group {group.name} is suspended: resume it.")
    desired, maximum = group.desired_capacity or 0, group.max_size or 0
    if desired + count > maximum:
        message = (
            f"Adding {count} instances to the desired capacity of {desired} would exceed the "
            f"maximum size of {maximum} of group {group.name}."
        )
        raise ValidationError(message)


def _grow(group: FakeAutoScalingGroup) -> str:
    before = group.desired_capacity or 0
    group.desired_capacity = before + 1
    return f", increasing the capacity from {before} to {before + 1}"


def _answer(backend: AutoScalingBackend, ids: list[str]) -> ActionResult:
    found = {activity.activity_id: activity for activity in activities.find(backend, ids=ids)}
    return ActionResult({"Activities": [found[one] for one in ids]})
