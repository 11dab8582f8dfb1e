"""Health of a group's instances in service: status checks, and its target groups' checks.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
An instance that does not run any more is unhealthy at once; the other checks count after the grace
period. Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import groups, periods, targets, traffic_sources
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

STATUS_CHECKS_CAUSE = "EC2 instance status checks failure"
STOPPED_CAUSE = "an EC2 health check indicating it has been terminated or stopped"
TARGET_CAUSE = "an ELB system health check failure"
USER_CAUSE = "a user health-check"


def set_grace(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, started: float
) -> None:
    """Set the end of an instance's grace period, as the group has it at present.

    Grace periods restart at `started`, when this controller started (epoch seconds).
    """
    record = MemberRecord.of(member)
    grace = plane.config.seconds(group.health_check_grace_period or 0)
    record.grace_until = max(record.in_service_at, started) + grace


def check(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Mark an instance that fails a check as unhealthy."""
    record = MemberRecord.of(member)
    if record.urgent:
        return
    if member.instance.state_code != ec2.RUNNING:
        mark(member, STOPPED_CAUSE, urgent=True)
        return
    impaired = _impaired_for(member)
    if time.time() < record.grace_until:
        return
    if impaired > plane.config.seconds(periods.IMPAIRED.seconds):
        mark(member, STATUS_CHECKS_CAUSE, urgent=False)
    elif "ELB" in groups.health_check_types(group) and _fails_target_checks(plane, group, member):
        mark(member, TARGET_CAUSE, urgent=False)


def mark(member: InstanceState, cause: str, *, urgent: bool) -> None:
    """Mark an instance as unhealthy."""
    member.health_status = "Unhealthy"
    record = MemberRecord.of(member)
    record.health_cause, record.urgent = cause, urgent


def check_ready(plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState) -> None:
    """Note when an instance has passed its first health check and has warmed up.

    Until then replacements of unhealthy instances wait for it.
    """
    record = MemberRecord.of(member)
    if record.ready:
        return
    warmup = max(GroupRecord.of(group).default_instance_warmup or 0, 0)
    if time.time() < record.in_service_at + plane.config.seconds(warmup):
        return
    if "ELB" in groups.health_check_types(group):
        found = _counted_health(plane, group, member)
        if found & {"initial", "unhealthy"}:
            return
    record.ready, record.beyond_desired = True, False


def _impaired_for(member: InstanceState) -> float:
    """Return for how many seconds the status check has failed."""
    record, instance = MemberRecord.of(member), InstanceRecord.of(member.instance)
    # After a restart of the region machines boot again; nothing is wrong.
    if not instance.impairment or instance.rebooting:
        record.impaired_since = 0.0
        return 0.0
    record.impaired_since = record.impaired_since or time.time()
    return time.time() - record.impaired_since


def _fails_target_checks(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState
) -> bool:
    return "unhealthy" in _counted_health(plane, group, member)


def _counted_health(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState
) -> set[str]:
    """Return the instance's states in those target groups whose checks count."""
    return {
        state
        for arn, state in targets.health(plane, group, member.instance.id).items()
        if traffic_sources.state_of(group, arn) == traffic_sources.IN_SERVICE
    }
