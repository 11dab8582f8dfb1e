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
class GroupRecord(Record[FakeAutoScalingGroup]):
    """An Auto Scaling group.

    Attributes:
        status: What `DescribeAutoScalingGroups` returns while the group is being deleted.
        capacity_cause: Why the desired capacity changed last, for the causes of activities.
        launch_failures: Failed launches in a row.
        launch_not_before: When the next launch may be attempted, in epoch seconds.
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
    launch_failures: int = 0
    launch_not_before: float = 0.0
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


@dataclass
class MemberRecord(Record[InstanceState]):
    """An instance's membership of a group. Times are epoch seconds.

    Attributes:
        launched_template: The template and version that the instance was launched with.
        beyond_desired: It was launched to replace another instance before that one terminates.
        health_cause: What found it unhealthy.
        hook_deadlines: When the lifecycle hooks that it waits for time out, by hook.
        hook_results: How lifecycle hooks were completed, by hook.
        out_of_traffic: It is terminating, and is deregistered from its target groups.
        launch_activity: The id of the activity that launches it.
        termination_activity: The id of the activity that terminates it.
    """

    launched_at: float = 0.0
    in_service_at: float = 0.0
    launched_template: dict[str, str] | None = None
    beyond_desired: bool = False
    health_cause: str = ""
    hook_deadlines: dict[str, float] = field(default_factory=dict[str, float])
    hook_results: dict[str, str] = field(default_factory=dict[str, str])
    terminating_since: float = 0.0
    out_of_traffic: bool = False
    launch_activity: str = ""
    termination_activity: str = ""


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
