"""A group's metrics in CloudWatch: `enabledMetrics`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.operation import Operation
from region.provider.values import Properties

GRANULARITY = "1Minute"
PATHS = frozenset({"enabledMetrics", "metricsGranularity"})
"""The supported input paths."""


def check(inputs: Properties) -> Iterable[CheckFailure]:
    """Check what a program asks for."""
    yield from checks.one_of("metricsGranularity", inputs.get("metricsGranularity"), [GRANULARITY])


def apply(op: Operation, identity: str, new: Properties, old: Properties) -> None:
    """Turn metrics on and off."""
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


def described(group: Mapping[str, Any]) -> Properties:
    """Return the metrics of a group that the API describes."""
    metrics = sorted(str(one["Metric"]) for one in group.get("EnabledMetrics") or ())
    return {"enabledMetrics": metrics} if metrics else {}
