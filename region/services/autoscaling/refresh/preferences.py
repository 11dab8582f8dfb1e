"""Preferences of instance refreshes: what is refused, and the defaults of what is not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup

from region.api.parameters import is_true
from region.services.autoscaling import periods
from region.services.autoscaling.records import GroupRecord
from region.services.autoscaling.scaling import policies

MIN, MAX = "MinHealthyPercentage", "MaxHealthyPercentage"
DEFAULT_MIN, DEFAULT_MAX = 90, 100
PROTECTED = ("Refresh", "Ignore", "Wait")
STANDBY = ("Terminate", "Ignore", "Wait")
LONGEST_BAKE = LONGEST_DELAY = 172_800
MOST_ALARMS = 10


def complete(given: Mapping[str, Any], group: FakeAutoScalingGroup) -> dict[str, Any]:
    """Return all preferences of a refresh.

    Raises:
        ValidationError: One is not valid.
    """
    minimum, maximum = _percentages(given, group)
    found: dict[str, Any] = {
        MIN: minimum,
        MAX: DEFAULT_MAX if maximum is None else maximum,
        "InstanceWarmup": _warmup(given, group),
        "SkipMatching": is_true(given.get("SkipMatching")),
        "AutoRollback": is_true(given.get("AutoRollback")),
        "ScaleInProtectedInstances": _one_of(given, "ScaleInProtectedInstances", PROTECTED),
        "StandbyInstances": _one_of(given, "StandbyInstances", STANDBY),
        **_checkpoints(given),
    }
    bake = given.get("BakeTime")
    if bake is not None:
        found["BakeTime"] = _within("BakeTime", bake, 0, LONGEST_BAKE)
    alarms = (given.get("AlarmSpecification") or {}).get("Alarms")
    if alarms is not None:
        found["AlarmSpecification"] = {"Alarms": _alarms(list(alarms), group)}
    return found


def is_maximum_set(given: Mapping[str, Any], group: FakeAutoScalingGroup) -> bool:
    """Return whether a MaxHealthyPercentage is set, here or by the group's policy.

    Then a replacement is launched first where both percentages leave no room (RefreshPreferences).
    """
    return _percentages(given, group)[1] is not None


def _percentages(given: Mapping[str, Any], group: FakeAutoScalingGroup) -> tuple[int, int | None]:
    minimum, maximum = given.get(MIN), given.get(MAX)
    if maximum is not None and minimum is None:
        raise ValidationError(f"If you specify {MAX}, you must also specify {MIN}.")
    if minimum is None:
        policy = GroupRecord.of(group).instance_maintenance_policy or {}
        minimum, maximum = policy.get(MIN), policy.get(MAX)
    least = DEFAULT_MIN if minimum is None else _within(MIN, minimum, 0, 100)
    if maximum is None:
        return least, None
    most = _within(MAX, maximum, 100, 200)
    if most - least > 100:
        raise ValidationError(
            f"The difference between {MAX} {most} and {MIN} {least} must not be greater than 100."
        )
    return least, most


def _warmup(given: Mapping[str, Any], group: FakeAutoScalingGroup) -> int:
    warmup = given.get("InstanceWarmup")
    if warmup is not None:
        return _within("InstanceWarmup", warmup, 0, 3600)
    default = GroupRecord.of(group).default_instance_warmup
    if default is not None and default >= 0:
        return default
    return int(group.health_check_grace_period or 0)


def _checkpoints(given: Mapping[str, Any]) -> dict[str, Any]:
    percentages = [int(one) for one in given.get("CheckpointPercentages") or []]
    delay = given.get("CheckpointDelay")
    if delay is not None and not percentages:
        raise ValidationError("CheckpointDelay needs CheckpointPercentages: specify both.")
    for percentage in percentages:
        _within("CheckpointPercentages", percentage, 1, 100)
    if percentages != sorted(set(percentages)):
        raise ValidationError("CheckpointPercentages must be unique and in ascending order.")
    if not percentages:
        return {}
    seconds = periods.CHECKPOINT_DELAY.seconds if delay is None else delay
    return {
        "CheckpointPercentages": percentages,
        "CheckpointDelay": _within("CheckpointDelay", seconds, 0, LONGEST_DELAY),
    }


def _alarms(names: list[str], group: FakeAutoScalingGroup) -> list[str]:
    if len(names) > MOST_ALARMS:
        raise ValidationError(f"AlarmSpecification has more than {MOST_ALARMS} alarms.")
    known = policies.alarms_of(group.autoscaling_backend).alarms
    for name in names:
        if name not in known:
            raise ValidationError(f"AlarmSpecification names {name}: there is no such alarm.")
    return names


def _one_of(given: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    value = given.get(name)
    if value is None:
        return "Wait"
    if value not in values:
        raise ValidationError(f"{name} {value} is not one of {', '.join(values)}.")
    return str(value)


def _within(name: str, value: object, low: int, high: int) -> int:
    number = int(float(str(value)))
    if not low <= number <= high:
        raise ValidationError(f"{name} {number} is not from {low} to {high}.")
    return number
