"""A group's instances in its target groups: their health, and the way out of traffic.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import groups
from region.services.autoscaling.records import MemberRecord
from region.services.elbv2.target_groups import longest_drain

DRAINING = "draining"


def health(plane: ControlPlane, group: FakeAutoScalingGroup, instance_id: str) -> dict[str, str]:
    """Return the state of an instance in each of its group's target groups, by ARN."""
    backend = plane.backend("elbv2")
    return {
        target_group.arn: found.status
        for target_group in groups.target_groups_of(plane.backend("autoscaling"), group)
        for found in backend.describe_target_health(target_group.arn, [{"Id": instance_id}])
    }


def register(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Register an instance with its group's target groups, unless that is suspended."""
    if "AddToLoadBalancer" not in groups.suspended_processes(group):
        for arn in group.target_group_arns:
            groups.register(plane.backend("autoscaling"), arn, [member.instance.id])


def leave(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Take an instance that leaves its group out of the target groups."""
    for arn in group.target_group_arns:
        groups.deregister(plane.backend("autoscaling"), arn, member.instance.id)
    record = MemberRecord.of(member)
    if not record.out_of_traffic:
        record.out_of_traffic = True
        plane.notify()


def is_draining(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> bool:
    """Return whether a target group still lets an instance that leaves answer its last requests."""
    if DRAINING not in health(plane, group, member.instance.id).values():
        return False
    attached = groups.target_groups_of(plane.backend("autoscaling"), group)
    longest = longest_drain(attached, plane.config)
    return time.time() < MemberRecord.of(member).leaving_since + longest
