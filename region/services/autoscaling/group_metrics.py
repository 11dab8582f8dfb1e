"""Metrics of groups, once a minute of the region's clock: AWS/AutoScaling.

Callers hold the control plane's lock. Every instance counts as one unit of capacity: weights are refused.
"""

from __future__ import annotations

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from region.api.server import ControlPlane
from region.services.autoscaling import periods, warm_pool
from region.services.autoscaling.groups import IN_SERVICE
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.scaling import warmup
from region.services.cloudwatch.metrics import Datum, publish

NAMESPACE = "AWS/AutoScaling"
COUNTED = ("InService", "Pending", "Standby", "Terminating", "Total")
WARM_POOL = (
    "WarmPoolMinSize",
    "WarmPoolDesiredCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
)
NAMES = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    *(f"Group{kind}Instances" for kind in COUNTED),
    *(f"Group{kind}Capacity" for kind in COUNTED),
    *WARM_POOL,
)


def publish_due(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    """Publish the metrics that are enabled, if a minute has passed."""
    record = GroupRecord.of(group)
    interval = plane.config.seconds(periods.GROUP_METRICS.seconds)
    if not group.metrics or now < record.metrics_at + interval:
        return
    record.metrics_at = now
    values = measure(plane, group, now)
    dimensions = {"AutoScalingGroupName": group.name}
    publish(
        plane,
        [
            Datum(NAMESPACE, name, dimensions, float(values[name]), unit="None")
            for name in group.metrics
            if name in values
        ],
    )


def measure(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> dict[str, int]:
    """Return the values of a group's metrics; those of a warm pool only if it has one."""
    counts: dict[str, int] = dict.fromkeys(COUNTED, 0)
    for member in group.instance_states:
        counts[_kind(plane, group, member, now)] += 1
    counts["Total"] = sum(counts.values())
    desired = group.desired_capacity or 0
    values = {
        "GroupMinSize": group.min_size or 0,
        "GroupMaxSize": group.max_size or 0,
        "GroupDesiredCapacity": desired,
    }
    for kind, count in counts.items():
        values[f"Group{kind}Instances"] = values[f"Group{kind}Capacity"] = count
    if group.warm_pool is not None:
        values |= _warm_pool(group, counts["Total"])
    return values


def _kind(
    plane: ControlPlane, group: FakeAutoScalingGroup, member: InstanceState, now: float
) -> str:
    """Return what a member counts as: pending until it has warmed up, like before its launch hook's end."""
    state = member.lifecycle_state
    if state == IN_SERVICE:
        warm = warmup.counts_in_metrics(group, member, plane.config.seconds, now)
        return "InService" if warm else "Pending"
    return next((kind for kind in ("Terminating", "Standby") if kind in state), "Pending")


def _warm_pool(group: FakeAutoScalingGroup, members: int) -> dict[str, int]:
    states = [member.lifecycle_state for member in GroupRecord.of(group).warm]
    pending = sum("Pending" in state for state in states)
    leaving = sum("Terminating" in state for state in states)
    desired = warm_pool.size(group)
    return {
        "WarmPoolMinSize": warm_pool.minimum(group),
        "WarmPoolDesiredCapacity": desired,
        "WarmPoolPendingCapacity": pending,
        "WarmPoolTerminatingCapacity": leaving,
        "WarmPoolWarmedCapacity": len(states) - pending - leaving,
        "WarmPoolTotalCapacity": len(states),
        "GroupAndWarmPoolDesiredCapacity": desired + (group.desired_capacity or 0),
        "GroupAndWarmPoolTotalCapacity": len(states) + members,
    }
