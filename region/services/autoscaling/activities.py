"""Scaling activities: the history that `DescribeScalingActivities` returns."""

from __future__ import annotations

import json
import uuid
from collections.abc import Container
from datetime import UTC, datetime

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup

from region.services.autoscaling import announcements
from region.services.autoscaling.records import Activity, BackendRecord
from region.time_formats import stamps

HISTORY_LENGTH = 500
IN_PROGRESS = "InProgress"
PRE_IN_SERVICE = "PreInService"
DRAINING = "WaitingForELBConnectionDraining"
IN_HOOK = "MidLifecycleAction"
FINAL_PROGRESS = 100


def timestamp() -> str:
    """Format the present as Auto Scaling writes it in a cause."""
    return stamps.in_seconds(datetime.now(UTC))


def place(zone: str, subnet: str = "") -> str:
    """Return the details of an activity that concerns an instance in a zone."""
    return json.dumps({**({"Subnet ID": subnet} if subnet else {}), "Availability Zone": zone})


def begin(
    backend: AutoScalingBackend,
    group: FakeAutoScalingGroup,
    description: str,
    cause: str,
    details: str = "{}",
) -> str:
    """Record an activity that has started and return its id."""
    activity = Activity(
        activity_id=str(uuid.uuid4()),
        auto_scaling_group_name=group.name,
        auto_scaling_group_arn=group.arn,
        description=description,
        cause=cause,
        start_time=datetime.now(UTC),
        status_code=IN_PROGRESS,
        progress=50,
        details=details,
    )
    history = BackendRecord.of(backend).activities
    history.append(activity)
    del history[:-HISTORY_LENGTH]
    return activity.activity_id


def describe(backend: AutoScalingBackend, activity_id: str, description: str) -> None:
    """Change the description of an activity."""
    for activity in find(backend, ids=[activity_id]):
        activity.description = description


def prepend_cause(backend: AutoScalingBackend, activity_id: str, cause: str) -> None:
    """Put what led to an activity before its own cause."""
    for activity in find(backend, ids=[activity_id]):
        activity.cause = f"{cause}  {activity.cause}"


def set_status(
    backend: AutoScalingBackend, activity_id: str, status: str, progress: int | None = None
) -> None:
    """Record what an activity that has not ended is waiting for."""
    for activity in find(backend, ids=[activity_id]):
        if activity.end_time is None:
            activity.status_code = status
            activity.progress = activity.progress if progress is None else progress


def finish(
    backend: AutoScalingBackend, activity_id: str, status: str, message: str | None = None
) -> None:
    """Record how an activity ended: `Successful`, `Failed` or `Cancelled`."""
    for activity in find(backend, ids=[activity_id]):
        if activity.end_time is None:
            activity.status_code = status
            activity.status_message = message
            activity.progress = FINAL_PROGRESS
            activity.end_time = datetime.now(UTC)
            announcements.activity_ended(backend, activity)


def find(
    backend: AutoScalingBackend, group_name: str = "", ids: Container[str] = ()
) -> list[Activity]:
    """Return the activities of a group (or of all) as the API orders them.

    Those that have not ended come first, and of each kind the newest.
    """
    found = [
        activity
        for activity in reversed(BackendRecord.of(backend).activities)
        if (not group_name or activity.auto_scaling_group_name == group_name)
        and (not ids or activity.activity_id in ids)
    ]
    return sorted(found, key=lambda activity: activity.end_time is not None)
