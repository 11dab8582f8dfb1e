"""A group as its plan sees it: moto's objects turned into plain values.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import time

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import groups, launch_settings, zonal_shift
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Member, Placement

BALANCED_ONLY = "balanced-only"


def settings_of(plane: ControlPlane, group: FakeAutoScalingGroup) -> GroupSettings:
    """Return what a group's plan is made for."""
    record, now = GroupRecord.of(group), time.time()
    policy = record.instance_maintenance_policy or {}
    distribution = record.availability_zone_distribution or {}
    without = {zone for zone, until in record.blocked_zones.items() if now < until}
    return GroupSettings(
        desired=(group.desired_capacity or 0) + record.surge,
        max_size=group.max_size or 0,
        placements=tuple(placements_of(plane, group)),
        policies=tuple(group.termination_policies),
        min_healthy=_number(policy.get("MinHealthyPercentage")),
        max_healthy=_number(policy.get("MaxHealthyPercentage")),
        suspended=groups.suspended_processes(group),
        blocked_zones=frozenset(without | record.away_from),
        being_replaced=sum(1 for member in group.instance_states if _is_being_replaced(member)),
        # Launches do not wait for the end of a shift.
        balanced_only=distribution.get("CapacityDistributionStrategy") == BALANCED_ONLY
        and not record.away_from,
    )


def placements_of(plane: ControlPlane, group: FakeAutoScalingGroup) -> list[Placement]:
    """Return the subnets of a group with their zones: those of the default VPC if it names only zones."""
    subnets = plane.backend("ec2").subnets
    names = [name.strip() for name in (group.vpc_zone_identifier or "").split(",")]
    if not group.vpc_zone_identifier:
        default = plane.backend("ec2").get_default_subnets()
        names = [default[zone].id for zone in group.availability_zones if zone in default]
    return [
        Placement(name, zone) for name in names for zone, known in subnets.items() if name in known
    ]


def members_of(group: FakeAutoScalingGroup) -> list[Member]:
    """Return the members that count towards a group's capacity."""
    return [_member(group, member) for member in groups.counted(group)]


def _member(group: FakeAutoScalingGroup, member: InstanceState) -> Member:
    record, instance = MemberRecord.of(member), member.instance
    launched = record.launched_template or {}
    kept = zonal_shift.keeps_unhealthy(GroupRecord.of(group), instance.placement.zone or "")
    template, refresh = group.ec2_launch_template, launch_settings.current_refresh(group)
    return Member(
        instance_id=instance.id,
        placement=Placement(instance.subnet_id or "", instance.placement.zone or ""),
        in_service=member.lifecycle_state == groups.IN_SERVICE,
        healthy=member.health_status == "Healthy" or kept,
        ready=record.ready,
        urgent=record.urgent,
        protected=bool(member.protected_from_scale_in),
        current_template=template is not None and launched.get("LaunchTemplateId") == template.id,
        template_version=int(launched.get("Version", 0)),
        type_rank=launch_settings.rank(group, instance.instance_type),
        launched_at=record.launched_at,
        beyond_desired=record.beyond_desired,
        outdated=refresh is not None and instance.id in refresh.remaining,
    )


def _is_being_replaced(member: InstanceState) -> bool:
    unhealthy = member.health_status != "Healthy" and not MemberRecord.of(member).urgent
    return unhealthy and member.lifecycle_state in groups.ENDING


def signature(group: FakeAutoScalingGroup) -> tuple[object, ...]:
    """Return what counts as a change of a group."""
    members = tuple(
        (
            member.instance.id,
            member.lifecycle_state,
            member.health_status,
            member.instance.state_code,
            MemberRecord.of(member).ready,
        )
        for member in group.instance_states
    )
    record = GroupRecord.of(group)
    sources = tuple((arn, source.state) for arn, source in record.traffic_sources.items())
    return (record.status, members, sources, tuple(record.blocked_zones), record.away_from)


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))
