"""Calls about scheduled actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, FakeScheduledAction
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling.groups import refuse_if_deleting, require_group
from region.services.autoscaling.scheduled import actions
from region.services.autoscaling.scheduled.records import ActionRecord
from region.time_formats import cron

MOST_ACTIONS = 125
"""Of a group (Auto Scaling quotas)."""
MOST_IN_A_CALL = 50
_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")

patches = Patches()


@patches.around(FakeScheduledAction, "__init__")
def _new_action(moto: Original, self: FakeScheduledAction, *args: object, **kwargs: object) -> None:
    ActionRecord().attach(self)
    moto(self, *args, **kwargs)


@patches.method(AutoScalingResponse)
def put_scheduled_update_group_action(self: AutoScalingResponse) -> EmptyResult:
    """Create a scheduled action or replace one."""
    given = Parameters(self)
    group = _group(self, given)
    names = ("ScheduledActionName", "Time", "StartTime", "EndTime", "Recurrence", "TimeZone")
    _put(self.autoscaling_backend, group, {name: given.get(name) for name in (*names, *_SIZES)})
    return EmptyResult()


@patches.method(AutoScalingResponse)
def batch_put_scheduled_update_group_action(self: AutoScalingResponse) -> ActionResult:
    """Create several; those that are refused are returned with the reason."""
    given = Parameters(self)
    group, backend = _group(self, given), self.autoscaling_backend
    requests = given.structures("ScheduledUpdateGroupActions")
    if not 1 <= len(requests) <= MOST_IN_A_CALL:
        raise ValidationError(
            f"ScheduledUpdateGroupActions has {len(requests)} elements: use 1 to {MOST_IN_A_CALL}."
        )
    failed = _each(
        [str(one["ScheduledActionName"]) for one in requests],
        [lambda one=one: _put(backend, group, one) for one in requests],
    )
    return ActionResult({"FailedScheduledUpdateGroupActions": failed})


@patches.method(AutoScalingResponse)
def describe_scheduled_actions(self: AutoScalingResponse) -> ActionResult:
    """Describe the actions that are still to run, soonest first."""
    given = Parameters(self)
    names, group = given.texts("ScheduledActionNames"), given.text("AutoScalingGroupName")
    begin, end = _moment(given.get("StartTime")), _moment(given.get("EndTime"))
    backend = self.autoscaling_backend
    found = [
        _described(backend, action)
        for action in backend.scheduled_actions.values()
        if group in {"", action.auto_scaling_group_name}
        and (not names or action.scheduled_action_name in names)
        # The times of the call do not count where the names are given.
        and (names or _within(action, begin, end))
    ]
    found.sort(key=lambda one: (one["StartTime"], one["ScheduledActionName"]))
    return ActionResult({"ScheduledUpdateGroupActions": found})


@patches.method(AutoScalingResponse)
def delete_scheduled_action(self: AutoScalingResponse) -> EmptyResult:
    """Delete a scheduled action."""
    given = Parameters(self)
    group = _group(self, given)
    _delete(self.autoscaling_backend, group, given.text("ScheduledActionName"))
    return EmptyResult()


@patches.method(AutoScalingResponse)
def batch_delete_scheduled_action(self: AutoScalingResponse) -> ActionResult:
    """Delete several; those that are not there are returned."""
    given = Parameters(self)
    group, backend = _group(self, given), self.autoscaling_backend
    names = given.texts("ScheduledActionNames")
    failed = _each(names, [lambda name=name: _delete(backend, group, name) for name in names])
    return ActionResult({"FailedScheduledActions": failed})


def _group(response: AutoScalingResponse, given: Parameters) -> FakeAutoScalingGroup:
    group = require_group(response.autoscaling_backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    return group


def _each(names: list[str], calls: list[Callable[[], object]]) -> list[dict[str, str]]:
    failed: list[dict[str, str]] = []
    for name, call in zip(names, calls, strict=True):
        try:
            call()
        except AutoscalingClientError as error:
            failed.append(
                {
                    "ScheduledActionName": name,
                    "ErrorCode": str(error.code),
                    "ErrorMessage": str(error.message),
                }
            )
    return failed


def _put(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, given: Mapping[str, Any]
) -> None:
    name = str(given["ScheduledActionName"])
    now = datetime.now(UTC)
    sizes = {size: None if given.get(size) is None else int(given[size]) for size in _SIZES}
    _check_sizes(sizes)
    start = _moment(given.get("StartTime") or given.get("Time"))
    end = _moment(given.get("EndTime"))
    recurrence, zone = given.get("Recurrence"), given.get("TimeZone")
    _check_times(start, end, recurrence, zone, now)
    made = FakeScheduledAction(
        group.name,
        sizes["DesiredCapacity"],
        sizes["MaxSize"],
        sizes["MinSize"],
        name,
        None,
        None,
        recurrence,
        zone,
    )
    action = cast("FakeScheduledAction", made)  # moto's models are typed by their base
    record = ActionRecord.of(action)
    record.ends = end
    record.due = actions.first_due(action, start, now)
    if record.due is None:
        raise ValidationError(f"Recurrence {recurrence} has no time before its end.")
    others = [
        one for one in actions.of_group(backend, group.name) if one.scheduled_action_name != name
    ]
    if any(ActionRecord.of(one).due == record.due for one in others):
        message = (
            f"A scheduled action of {group.name} at {record.due:%Y-%m-%dT%H:%M:%SZ} already exists: "
            "choose another time"
        )
        raise AutoscalingClientError("AlreadyExists", message)
    if len(others) >= MOST_ACTIONS:
        message = f"{MOST_ACTIONS} scheduled actions per group already exist: delete one of them"
        raise AutoscalingClientError("LimitExceeded", message)
    backend.scheduled_actions[f"{group.name}/{name}"] = action


def _check_sizes(sizes: Mapping[str, int | None]) -> None:
    minimum, maximum, desired = (sizes[name] for name in _SIZES)
    if minimum is None and maximum is None and desired is None:
        raise ValidationError(f"At least one of {', '.join(_SIZES)} must be specified.")
    for name, size in sizes.items():
        if size is not None and size < 0:
            raise ValidationError(f"{name} {size} must not be negative.")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise ValidationError("Min size must be less than or equal to max size.")
    if desired is not None and minimum is not None and desired < minimum:
        raise ValidationError("Desired capacity must not be less than min size.")
    if desired is not None and maximum is not None and desired > maximum:
        raise ValidationError("Desired capacity must not be greater than max size.")


def _check_times(
    start: datetime | None,
    end: datetime | None,
    recurrence: str | None,
    zone: str | None,
    now: datetime,
) -> None:
    if start is None and not recurrence:
        raise ValidationError("StartTime or Recurrence must be specified.")
    if start is not None and start < now:
        raise ValidationError("Given start time is in the past.")
    if end is not None and end < (start or now):
        raise ValidationError("Given end time is before the start time, or in the past.")
    if recurrence:
        try:
            cron.parse(recurrence)
        except cron.CronError as error:
            raise ValidationError(f"Given recurrence string is not valid: {error}.") from error
    if zone:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValidationError(
                f"TimeZone {zone} is not the name of an IANA time zone: use one such as Asia/Seoul."
            ) from error


def _delete(backend: AutoScalingBackend, group: FakeAutoScalingGroup, name: str) -> None:
    if backend.scheduled_actions.pop(f"{group.name}/{name}", None) is None:
        raise ValidationError(f"Scheduled action name not found: {name}")


def _described(backend: AutoScalingBackend, action: FakeScheduledAction) -> dict[str, Any]:
    record = ActionRecord.of(action)
    name, group = action.scheduled_action_name, action.auto_scaling_group_name
    described: dict[str, Any] = {
        "AutoScalingGroupName": group,
        "ScheduledActionName": name,
        "ScheduledActionARN": (
            f"arn:aws:autoscaling:{backend.region_name}:{backend.account_id}:"
            f"scheduledUpdateGroupAction:{record.identity}:autoScalingGroupName/{group}:"
            f"scheduledActionName/{name}"
        ),
        "StartTime": record.due,
        "Time": record.due,
    }
    optional = {
        "EndTime": record.ends,
        "Recurrence": action.recurrence,
        "TimeZone": action.time_zone,
        "MinSize": action.min_size,
        "MaxSize": action.max_size,
        "DesiredCapacity": action.desired_capacity,
    }
    return described | {key: value for key, value in optional.items() if value is not None}


def _within(action: FakeScheduledAction, begin: datetime | None, end: datetime | None) -> bool:
    due = ActionRecord.of(action).due
    if due is None:
        return False
    return (begin is None or due >= begin) and (end is None or due <= end)


def _moment(value: object) -> datetime | None:
    """Return a time of a call in UTC: moto gives it as text or as a datetime."""
    if value in (None, ""):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
