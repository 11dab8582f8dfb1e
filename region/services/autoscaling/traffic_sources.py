"""The states of a group's traffic sources: `Adding`, `Added`, `InService`, `Removing`.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/load-balancer-status.html
The health that a target group reports counts for the group only once it is `InService`, that is,
once an instance passed its check: a group whose instances never did keeps them. Callers hold the
control plane's lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from moto.autoscaling.models import FakeAutoScalingGroup

from region.api.server import ControlPlane
from region.services.autoscaling import groups, periods, targets
from region.services.autoscaling.records import GroupRecord, TrafficSource
from region.services.elbv2.records import TargetGroupRecord

ADDING, ADDED, IN_SERVICE, REMOVING = "Adding", "Added", "InService", "Removing"


def add(group: FakeAutoScalingGroup, arns: Iterable[str]) -> None:
    """Note that target groups were attached."""
    known = GroupRecord.of(group).traffic_sources
    for arn in arns:
        if arn not in known or known[arn].state == REMOVING:
            known[arn] = TrafficSource(ADDING, time.time())


def remove(group: FakeAutoScalingGroup, arns: Iterable[str]) -> None:
    """Note that target groups were detached."""
    for arn in arns:
        GroupRecord.of(group).traffic_sources[arn] = TrafficSource(REMOVING, time.time())


def state_of(group: FakeAutoScalingGroup, arn: str) -> str:
    """Return the state of one of the group's target groups."""
    known = GroupRecord.of(group).traffic_sources.get(arn)
    return known.state if known is not None else ADDING


def described(group: FakeAutoScalingGroup) -> dict[str, str]:
    """Return the states of all, those that are being removed included, by ARN."""
    leaving = {
        arn: source.state
        for arn, source in GroupRecord.of(group).traffic_sources.items()
        if source.state == REMOVING
    }
    return {arn: state_of(group, arn) for arn in group.target_group_arns} | leaving


def advance(plane: ControlPlane, group: FakeAutoScalingGroup) -> None:
    """Bring the states in line with what the target groups report."""
    add(group, group.target_group_arns)
    known = GroupRecord.of(group).traffic_sources
    for arn, source in list(known.items()):
        seen = time.time() >= source.since + plane.config.seconds(periods.ADDING.seconds)
        if source.state == REMOVING:
            if seen and not _drains(plane, arn):
                del known[arn]
        elif source.state == ADDING and seen:
            known[arn] = TrafficSource(ADDED, time.time())
        elif source.state == ADDED and seen and _serves(plane, group, arn):
            known[arn] = TrafficSource(IN_SERVICE, time.time())


def _drains(plane: ControlPlane, arn: str) -> bool:
    target_group = plane.backend("elbv2").target_groups.get(arn)
    if target_group is None:
        return False
    reported = TargetGroupRecord.of(target_group).health.values()
    return any(health.state == targets.DRAINING for health in reported)


def _serves(plane: ControlPlane, group: FakeAutoScalingGroup, arn: str) -> bool:
    return any(
        targets.health(plane, group, member.instance.id).get(arn) == "healthy"
        for member in group.instance_states
        if member.lifecycle_state == groups.IN_SERVICE
    )
