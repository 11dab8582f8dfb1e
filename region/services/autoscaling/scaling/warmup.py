"""Instances that warm up: in service, but not counted on yet.

Callers hold the control plane's lock. Periods are in seconds of AWS's clock.
"""

from __future__ import annotations

from collections.abc import Callable

from moto.autoscaling.models import FakeAutoScalingGroup, FakeScalingPolicy, InstanceState

from region.services.autoscaling.groups import IN_SERVICE
from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.scaling.records import PolicyRecord

Seconds = Callable[[float], float]
"""Converts a period of AWS to the region's clock."""


def period_of(group: FakeAutoScalingGroup, policy: FakeScalingPolicy | None = None) -> float:
    """Return how long an instance warms up: the policy's period, the group's, or its cooldown."""
    own = PolicyRecord.of(policy).warmup if policy is not None else None
    default = GroupRecord.of(group).default_instance_warmup
    for period in (own, default):
        if period is not None and period >= 0:
            return float(period)
    return float(group.default_cooldown)


def warm_count(
    group: FakeAutoScalingGroup, policy: FakeScalingPolicy, seconds: Seconds, now: float
) -> int:
    """Return how many instances are in service and have warmed up, as that policy sees it."""
    period = seconds(period_of(group, policy))
    return sum(is_warm(group, member, period, now) for member in group.instance_states)


def is_warm(group: FakeAutoScalingGroup, member: InstanceState, period: float, now: float) -> bool:
    """Return whether an instance is in service and has warmed up for a period of the region's clock.

    What the group was created with counts at once, unless a default instance warmup is set.
    """
    if member.lifecycle_state != IN_SERVICE:
        return False
    record, known = GroupRecord.of(group), MemberRecord.of(member)
    settled = record.scaling.settled_at
    if not _has_default(record) and (not settled or known.in_service_at <= settled):
        return True
    return now >= known.in_service_at + period


def counts_in_metrics(
    group: FakeAutoScalingGroup, member: InstanceState, seconds: Seconds, now: float
) -> bool:
    """Return whether a member counts as in service in the group's metrics."""
    if member.lifecycle_state != IN_SERVICE:
        return False
    record = GroupRecord.of(group)
    period = seconds(record.default_instance_warmup or 0) if _has_default(record) else 0.0
    return now >= MemberRecord.of(member).in_service_at + period


def _has_default(record: GroupRecord) -> bool:
    return record.default_instance_warmup is not None and record.default_instance_warmup >= 0
