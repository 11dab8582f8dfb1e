"""Scheduled actions of a group: what is due, and what it changes.

Callers hold the control plane's lock. Times are those of the computer's clock, at any speed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, FakeScheduledAction

from region.api.server import ControlPlane
from region.services.autoscaling import groups
from region.services.autoscaling.scheduled.records import ActionRecord
from region.time_formats import cron

SUSPENDED = "ScheduledActions"
LATEST = timedelta(minutes=10)
"""What is due for longer was missed while the region did not run, and is not made up for."""


def of_group(backend: AutoScalingBackend, name: str) -> list[FakeScheduledAction]:
    """Return the actions of a group."""
    return [
        action
        for action in backend.scheduled_actions.values()
        if action.auto_scaling_group_name == name
    ]


def run_due(plane: ControlPlane, group: FakeAutoScalingGroup, now: float) -> None:
    """Run the actions that are due; those that are while they are suspended are missed."""
    backend = plane.backend("autoscaling")
    moment = datetime.fromtimestamp(now, UTC)
    due = [
        (record.due, action)
        for action in of_group(backend, group.name)
        for record in [ActionRecord.of(action)]
        if record.due is not None and record.due <= moment
    ]
    for when, action in sorted(due, key=lambda one: one[0]):
        missed = SUSPENDED in groups.suspended_processes(group) or moment - when > LATEST
        if not missed:
            _run(group, action)
        _advance(backend, action, moment)
        plane.notify()


def first_due(
    action: FakeScheduledAction, start: datetime | None, now: datetime
) -> datetime | None:
    """Return when an action runs for the first time."""
    if start is not None:
        return start
    return _recurs(action, now)


def _run(group: FakeAutoScalingGroup, action: FakeScheduledAction) -> None:
    minimum = _or(action.min_size, group.min_size)
    maximum = _or(action.max_size, group.max_size)
    # One bound that is set beyond the other moves it along.
    if action.min_size is None:
        minimum = min(minimum, maximum)
    elif action.max_size is None:
        maximum = max(maximum, minimum)
    wanted = _or(action.desired_capacity, group.desired_capacity)
    desired = max(minimum, min(wanted, maximum))
    group.min_size, group.max_size = minimum, maximum
    why = (
        "a scheduled action update of AutoScalingGroup constraints to "
        f"min: {minimum}, max: {maximum}, desired: {desired}"
    )
    groups.set_capacity(group, desired, why)


def _advance(backend: AutoScalingBackend, action: FakeScheduledAction, moment: datetime) -> None:
    """Set an action's next time, or delete it with its last."""
    record = ActionRecord.of(action)
    record.due = _recurs(action, moment)
    if record.due is None:
        for key, known in list(backend.scheduled_actions.items()):
            if known is action:
                del backend.scheduled_actions[key]


def _recurs(action: FakeScheduledAction, after: datetime) -> datetime | None:
    if not action.recurrence:
        return None
    due = cron.following(cron.parse(action.recurrence), after, action.time_zone or "UTC")
    ends = ActionRecord.of(action).ends
    return None if due is None or (ends is not None and due > ends) else due


def _or(value: int | None, default: int | None) -> int:
    return (default or 0) if value is None else value
