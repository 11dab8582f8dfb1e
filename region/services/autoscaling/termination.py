"""Termination: a group's instances from leaving its target groups to being gone.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import activities, groups
from region.services.autoscaling.groups import is_up
from region.services.autoscaling.health import target_health
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.ec2 import instances as ec2
from region.services.elbv2.target_groups import longest_drain


def terminate(backend: AutoScalingBackend, member: InstanceState, why: str) -> None:
    """Begin to take an instance out of its group."""
    groups.begin_termination(backend, member, f"At {activities.timestamp()} {why}")


def replace_unhealthy(backend: AutoScalingBackend, member: InstanceState) -> None:
    """Begin to take out an instance because of its health."""
    cause = MemberRecord.of(member).health_cause or "an EC2 health check failure"
    terminate(backend, member, f"an instance was taken out of service in response to {cause}.")


def scale_in(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, member: InstanceState, capacity: int
) -> None:
    """Begin to take out a surplus instance; `capacity` counts the instances before that."""
    terminate(
        backend,
        member,
        "an instance was taken out of service in response to a difference between desired "
        f"and actual capacity, shrinking the capacity from {capacity} to {capacity - 1}.  "
        f"At {activities.timestamp()} instance {member.instance.id} was selected for termination.",
    )
    changed = GroupRecord.of(group).capacity_cause
    if changed:
        activities.prepend_cause(backend, MemberRecord.of(member).termination_activity, changed)


def may_ask_gate(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> bool:
    """Return whether it is the termination hook's turn.

    That is after the last request, and not where the group itself is deleted with its hooks.
    """
    return (
        GroupRecord.of(group).status is None
        and MemberRecord.of(member).out_of_traffic
        and is_up(member.instance)
        and not _is_draining(plane, group, member)
    )


def advance(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, *, released: bool
) -> None:
    """Take a terminating instance one step further.

    `released` means that the termination gate was asked and does not hold the instance.
    """
    backend = plane.backend("autoscaling")
    instance = member.instance
    for arn in group.target_group_arns:
        groups.deregister(backend, arn, instance.id)
    record = MemberRecord.of(member)
    if not record.out_of_traffic:
        record.out_of_traffic = True
        plane.notify()
    if instance.state_code in {ec2.SHUTTING_DOWN, ec2.TERMINATED}:
        if instance.state_code == ec2.TERMINATED:
            group.instance_states.remove(member)
            activities.finish(backend, record.termination_activity, "Successful")
        return
    if instance.state_code == ec2.RUNNING and _is_draining(plane, group, member):
        return
    # In the round that took it out of traffic the gate was not asked yet: the next one asks.
    if released or not may_ask_gate(plane, group, member):
        instance.terminate()


def _is_draining(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> bool:
    """Return whether a target group still lets the instance answer its last requests."""
    if "draining" not in target_health(plane, group, member.instance.id):
        return False
    known = plane.backend("elbv2").target_groups
    attached = [known[arn] for arn in group.target_group_arns if arn in known]
    longest = longest_drain(attached, plane.config)
    return time.time() < MemberRecord.of(member).terminating_since + longest
