"""What a group has besides its settings: metrics, a warm pool, and a refresh after a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import MINUTE, found, given
from region.provider.operation import Operation
from region.provider.values import Properties

GRANULARITY = "1Minute"
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
_POOL = {
    "MaxGroupPreparedCapacity": "maxGroupPreparedCapacity",
    "MinSize": "minSize",
    "PoolState": "poolState",
}
_REUSE = "instanceReusePolicy"
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
        "enabledMetrics",
        "metricsGranularity",
        f"{REFRESH}.strategy",
        f"{REFRESH}.triggers",
        f"{_PREFERENCES}.alarmSpecification.alarms",
        *(f"{_PREFERENCES}.{name}" for name in (*_NUMBERS.values(), *_TEXTS.values())),
        *(f"warmPool.{name}" for name in _POOL.values()),
        f"warmPool.{_REUSE}.reuseOnScaleIn",
        "forceDeleteWarmPool",
    }
)
"""The supported input paths."""


def check(inputs: Properties) -> Iterable[CheckFailure]:
    """Check what a program asks for."""
    refresh: Any = inputs.get(REFRESH)
    if isinstance(refresh, dict):
        yield from checks.one_of(f"{REFRESH}.strategy", refresh.get("strategy"), ["Rolling"])  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    yield from checks.one_of("metricsGranularity", inputs.get("metricsGranularity"), [GRANULARITY])
    pool: Any = inputs.get("warmPool")
    if isinstance(pool, dict):
        yield from checks.one_of(
            "warmPool.poolState",
            pool.get("poolState"),  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            ["Stopped", "Running"],
        )


def apply(op: Operation, identity: str, new: Properties, old: Properties) -> None:
    """Bring metrics and warm pool in line."""
    scaling = op.aws.autoscaling
    before, after = set(old.get("enabledMetrics") or ()), set(new.get("enabledMetrics") or ())
    if after - before:
        scaling.enable_metrics_collection(
            AutoScalingGroupName=identity, Granularity=GRANULARITY, Metrics=sorted(after - before)
        )
    if before - after:
        scaling.disable_metrics_collection(
            AutoScalingGroupName=identity, Metrics=sorted(before - after)
        )
    pool, known = new.get("warmPool"), old.get("warmPool")
    if pool is not None and pool != known:
        reuse: dict[str, Any] = {}
        if _REUSE in pool or _REUSE in (known or {}):
            reused = bool((pool.get(_REUSE) or {}).get("reuseOnScaleIn"))
            reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": reused}}
        scaling.put_warm_pool(AutoScalingGroupName=identity, **given(_POOL, pool), **reuse)
    elif pool is None and known is not None:
        delete_warm_pool(op, identity, force=bool(new.get("forceDeleteWarmPool")))


def delete_warm_pool(op: Operation, identity: str, *, force: bool) -> None:
    """Delete a group's warm pool and wait until it is gone."""
    scaling = op.aws.autoscaling
    scaling.delete_warm_pool(AutoScalingGroupName=identity, ForceDelete=force)

    def probe() -> tuple[bool | None, str]:
        answer = scaling.describe_warm_pool(AutoScalingGroupName=identity)
        left = len(answer.get("Instances") or ())
        return (None if answer.get("WarmPoolConfiguration") else True), f"{left} instances left"

    op.wait(f"the warm pool of {identity} to be gone", probe, default_timeout=10 * MINUTE)


def wants_refresh(new: Properties, old: Properties) -> bool:
    """Return whether an update starts a refresh: a template or a trigger has changed."""
    refresh = new.get(REFRESH)
    if not refresh:
        return False
    triggers = {_trigger(name) for name in refresh.get("triggers") or ()}
    return any(new.get(name) != old.get(name) for name in _TEMPLATES | triggers)


def rolls_back(new: Properties) -> bool:
    """Return whether a refresh may go back: then it brings the new template to the group itself."""
    return bool(((new.get(REFRESH) or {}).get("preferences") or {}).get("autoRollback"))


def start_refresh(
    op: Operation, identity: str, inputs: Properties, desired: Mapping[str, Any]
) -> None:
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


def described(group: Mapping[str, Any]) -> Properties:
    """Return metrics and warm pool of a group that the API describes."""
    metrics = sorted(str(one["Metric"]) for one in group.get("EnabledMetrics") or ())
    configuration = group.get("WarmPoolConfiguration") or {}
    pool = found(_POOL, configuration)
    if (configuration.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn"):
        pool[_REUSE] = {"reuseOnScaleIn": True}
    return {
        **({"enabledMetrics": metrics} if metrics else {}),
        **({"warmPool": pool} if pool else {}),
        "warmPoolSize": int(group.get("WarmPoolSize") or 0),
    }


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
