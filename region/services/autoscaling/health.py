"""Health of a group's instances in service: status checks, and its target groups' checks.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling.records import MemberRecord
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

STATUS_CHECKS_CAUSE = "EC2 instance status checks failure"
STOPPED_CAUSE = "EC2 health check indicating it has been terminated or stopped"
TARGET_CAUSE = "an ELB system health check failure"


def check(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, started: float
) -> None:
    """Mark an instance that fails a check as unhealthy.

    Grace periods restart at `started`, when this controller started (epoch seconds).
    """
    cause = _failure(plane, group, member, started)
    if cause:
        member.health_status = "Unhealthy"
        MemberRecord.of(member).health_cause = cause


def _failure(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, started: float
) -> str:
    instance = member.instance
    if instance.state_code != ec2.RUNNING:
        return STOPPED_CAUSE
    record = InstanceRecord.of(instance)
    if record.rebooting:
        return ""  # After a restart of the region machines boot again; nothing is wrong.
    if record.impairment:
        return STATUS_CHECKS_CAUSE
    # The grace period is for load balancer and custom checks only (CreateAutoScalingGroup).
    grace = plane.config.seconds(group.health_check_grace_period or 0)
    if time.time() < max(MemberRecord.of(member).in_service_at, started) + grace:
        return ""
    if group.health_check_type != "EC2" and "unhealthy" in target_health(plane, group, instance.id):
        return TARGET_CAUSE
    return ""


def target_health(plane: ControlPlane, group: FakeAutoScalingGroup, instance_id: str) -> list[str]:
    """Return the state of an instance in each of its group's target groups."""
    backend = plane.backend("elbv2")
    return [
        health.status
        for arn in group.target_group_arns
        if arn in backend.target_groups
        for health in backend.describe_target_health(arn, [{"Id": instance_id}])
    ]
