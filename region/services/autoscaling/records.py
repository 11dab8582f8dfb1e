"""What the region keeps about moto's Auto Scaling objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState

from region.api.records import Record
from region.services.autoscaling.refresh.records import Refresh
from region.services.autoscaling.scaling.records import ScalingState


@dataclass
class TrafficSource:
    """A target group of a group.

    Attributes:
        state: `Adding`, `Added`, `InService` or `Removing`.
        since: Since when, in epoch seconds.
    """

    state: str
    since: float


@dataclass
class GroupRecord(Record[FakeAutoScalingGroup]):
    """An Auto Scaling group. Times are epoch seconds.

    Attributes:
        status: What `DescribeAutoScalingGroups` returns while the group is being deleted.
        capacity_cause: Why the desired capacity changed last, for the causes of activities.
        balance_cause: Why there are more instances than desired, while zones are balanced.
        launch_failures: Failed launches in a row.
        launch_not_before: When the next launch may be attempted.
        failing_since: When the first of those failed.
        blocked_zones: When zones without capacity are tried again.
        away_from: The zones that a zonal shift is away from.
        protected_at: The desired capacity that scale-in protection kept the group from reaching,
            once that was told.
        suspensions: Why processes are suspended, by process.
        traffic_sources: The states of the target groups, by ARN, also while they are removed.
        scaling: What scaling policies know of the group.
        refreshes: Its instance refreshes, oldest first.
        surge: How many instances beyond the desired capacity a replacement holds.
        notifications: The types of activities that are published, by the ARN of the topic.
        warm: The instances of its warm pool.
        metrics_at: When its metrics were published last, in epoch seconds.
        default_instance_warmup: As given, like all that follow; moto drops these parameters.
    """

    status: str | None = None
    capacity_cause: str = ""
    balance_cause: str = ""
    launch_failures: int = 0
    launch_not_before: float = 0.0
    failing_since: float = 0.0
    blocked_zones: dict[str, float] = field(default_factory=dict[str, float])
    away_from: frozenset[str] = frozenset()
    protected_at: int | None = None
    suspensions: dict[str, str] = field(default_factory=dict[str, str])
    traffic_sources: dict[str, TrafficSource] = field(default_factory=dict[str, TrafficSource])
    scaling: ScalingState = field(default_factory=ScalingState)
    refreshes: list[Refresh] = field(default_factory=list[Refresh])
    surge: int = 0
    notifications: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    warm: list[InstanceState] = field(default_factory=list[InstanceState])
    metrics_at: float = 0.0
    default_instance_warmup: int | None = None
    instance_maintenance_policy: dict[str, Any] | None = None
    max_instance_lifetime: int | None = None
    context: str | None = None
    desired_capacity_type: str | None = None
    availability_zone_distribution: dict[str, Any] | None = None
    availability_zone_impairment_policy: dict[str, Any] | None = None
    capacity_reservation_specification: dict[str, Any] | None = None
    instance_lifecycle_policy: dict[str, Any] | None = None
    deletion_protection: str | None = "none"


@dataclass
class HookWait:
    """A lifecycle hook that an instance waits for. Times are epoch seconds.

    Attributes:
        token: What completes it, as an alternative to the instance's id.
        heartbeat: The heartbeat timeout, in seconds of this computer's clock.
        deadline: When it times out unless a heartbeat comes.
        last: When it times out whatever comes.
        default_result: `CONTINUE` or `ABANDON`: how it ends then.
    """

    token: str
    heartbeat: float
    deadline: float
    last: float
    default_result: str


@dataclass
class MemberRecord(Record[InstanceState]):
    """An instance's membership of a group. Times are epoch seconds, 0 for never.

    Attributes:
        launched_template: The template and version that the instance was launched with.
        beyond_desired: It was launched to replace another instance before that one terminates.
        rejoining: It comes back from standby, or was attached: no hooks, no launch gate.
        ready: It has passed its first health check and warmed up since it went into service.
        health_cause: What found it unhealthy.
        urgent: It is unhealthy and replaced at once, however many others are: it does not run any
            more, or a user said so.
        impaired_since: When its status check was first seen to fail.
        grace_until: When its health check grace period ends.
        hooks_of: The transition whose lifecycle hooks have begun.
        hook_waits: Those that it still waits for, by hook.
        hook_results: How the others ended, by hook.
        from_warm_pool: It was launched into the group's warm pool, and came from there.
        to_warm_pool: It leaves the group for its warm pool, and is not terminated.
        proceeds_at: When it goes on after its launch hooks.
        leaving_since: When it began to leave: to terminate, to go to standby or to be detached.
        out_of_traffic: It is leaving, and is deregistered from its target groups.
        without_hooks: It is terminated without asking lifecycle hooks.
        launch_activity: The id of the activity that launches it.
        termination_activity: The id of the activity that terminates it.
        move_activity: The id of the activity that moves it to or from standby, or detaches it.
    """

    launched_at: float = 0.0
    in_service_at: float = 0.0
    launched_template: dict[str, str] | None = None
    beyond_desired: bool = False
    rejoining: bool = False
    ready: bool = False
    health_cause: str = ""
    urgent: bool = False
    impaired_since: float = 0.0
    grace_until: float = 0.0
    hooks_of: str = ""
    hook_waits: dict[str, HookWait] = field(default_factory=dict[str, HookWait])
    hook_results: dict[str, str] = field(default_factory=dict[str, str])
    from_warm_pool: bool = False
    to_warm_pool: bool = False
    proceeds_at: float = 0.0
    leaving_since: float = 0.0
    out_of_traffic: bool = False
    without_hooks: bool = False
    launch_activity: str = ""
    termination_activity: str = ""
    move_activity: str = ""


@dataclass
class Activity:
    """A scaling activity; its fields are the API's, for moto to serialize."""

    activity_id: str
    auto_scaling_group_name: str
    auto_scaling_group_arn: str
    description: str
    cause: str
    start_time: datetime
    status_code: str
    progress: int
    details: str
    end_time: datetime | None = None
    status_message: str | None = None


@dataclass
class BackendRecord(Record[AutoScalingBackend]):
    """The Auto Scaling service of the region.

    Attributes:
        activities: The scaling activities, oldest first.
        speed: By how much the region's clock divides the periods of AWS.
    """

    activities: list[Activity] = field(default_factory=list[Activity])
    speed: float = 1.0


def members_of(group: FakeAutoScalingGroup) -> tuple[InstanceState, ...]:
    """Return the instances of a group, and those that wait in its warm pool."""
    return (*group.instance_states, *GroupRecord.of(group).warm)
