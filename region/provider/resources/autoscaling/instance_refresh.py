"""A refresh of a group's instances after a change: `instanceRefresh`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import MINUTE, given
from region.provider.operation import Operation
from region.provider.values import Properties

REFRESH = "instanceRefresh"
_PREFERENCES = f"{REFRESH}.preferences"
_NUMBERS = {
    "MinHealthyPercentage": "minHealthyPercentage",
    "MaxHealthyPercentage": "maxHealthyPercentage",
    "CheckpointPercentages": "checkpointPercentages",
    "SkipMatching": "skipMatching",
    "AutoRollback": "autoRollback",
    "ScaleInProtectedInstances": "scaleInProtectedInstances",
    "StandbyInstances": "standbyInstances",
}
_TEXTS = {"CheckpointDelay": "checkpointDelay", "InstanceWarmup": "instanceWarmup"}
"""Whole numbers that the provider takes as text."""
_TEMPLATES = frozenset({"launchTemplate", "mixedInstancesPolicy"})
DEFAULTS: Mapping[str, Any] = {
    "minHealthyPercentage": 90,
    "maxHealthyPercentage": 100,
    "scaleInProtectedInstances": "Ignore",
    "standbyInstances": "Ignore",
}
"""Of preferences, where a program has some: the provider's, which are not the API's."""
PATHS = frozenset(
    {
        f"{REFRESH}.strategy",
        f"{REFRESH}.triggers",
        f"{_PREFERENCES}.alarmSpecification.alarms",
        *(f"{_PREFERENCES}.{name}" for name in (*_NUMBERS.values(), *_TEXTS.values())),
    }
)
"""The supported input paths."""


def check(inputs: Properties) -> Iterable[CheckFailure]:
    """Check what a program asks for."""
    refresh: Any = inputs.get(REFRESH)
    if isinstance(refresh, dict):
        yield from checks.one_of(f"{REFRESH}.strategy", refresh.get("strategy"), ["Rolling"])  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def is_wanted(new: Properties, old: Properties) -> bool:
    """Return whether an update starts a refresh: a template or a trigger has changed."""
    refresh = new.get(REFRESH)
    if not refresh:
        return False
    triggers = {_trigger(name) for name in refresh.get("triggers") or ()}
    return any(new.get(name) != old.get(name) for name in _TEMPLATES | triggers)


def rolls_back(new: Properties) -> bool:
    """Return whether a refresh may go back: then it brings the new template to the group itself."""
    return bool(((new.get(REFRESH) or {}).get("preferences") or {}).get("autoRollback"))


def start(op: Operation, identity: str, inputs: Properties, desired: Mapping[str, Any]) -> None:
    """Start a refresh, in place of one that is under way; like AWS's provider, do not wait for it."""
    scaling, refresh = op.aws.autoscaling, inputs[REFRESH]
    parameters: dict[str, Any] = {"Strategy": refresh["strategy"]}
    if refresh.get("preferences") is not None:
        parameters["Preferences"] = _preferences(refresh["preferences"])
    if desired:
        parameters["DesiredConfiguration"] = dict(desired)
    try:
        scaling.start_instance_refresh(AutoScalingGroupName=identity, **parameters)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "InstanceRefreshInProgress":
            raise
        scaling.cancel_instance_refresh(AutoScalingGroupName=identity)
        _await_cancelled(op, identity)
        scaling.start_instance_refresh(AutoScalingGroupName=identity, **parameters)


def _preferences(preferences: Properties) -> dict[str, Any]:
    complete = {**DEFAULTS, **{k: v for k, v in preferences.items() if v is not None}}
    parameters = given(_NUMBERS, complete)
    parameters |= {name: int(value) for name, value in given(_TEXTS, complete).items() if value}
    alarms = (complete.get("alarmSpecification") or {}).get("alarms")
    if alarms:
        parameters["AlarmSpecification"] = {"Alarms": list(alarms)}
    return parameters


def _await_cancelled(op: Operation, identity: str) -> None:
    def probe() -> tuple[bool | None, str]:
        refreshes: list[Any] = op.aws.autoscaling.describe_instance_refreshes(
            AutoScalingGroupName=identity
        )["InstanceRefreshes"]
        status = refreshes[0]["Status"]
        return (None if status in {"Cancelling", "InProgress", "Pending"} else True), status

    op.wait(f"the refresh of {identity} to be cancelled", probe, default_timeout=15 * MINUTE)


def _trigger(name: str) -> str:
    """Return the input that a trigger names in the words of AWS's provider, such as `tag`."""
    if name in {"tag", "tags"}:
        return "tags"
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
