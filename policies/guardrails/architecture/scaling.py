"""What a scaling policy does: whether it lets a group grow, and on which metric."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails.architecture.fleets import Fleets, Group
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items, number

EC2_METRICS = ("ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut")
CPU = "ASGAverageCPUUtilization"
REQUESTS = "ALBRequestCountPerTarget"
_STEPS = ("StepScaling", "SimpleScaling")


@dataclass(frozen=True)
class Tracking:
    """Target tracking of one policy.

    Attributes:
        metric: Predefined metric, `None` for a customized one.
        namespace: Namespace of a customized metric.
        target: The target value.
        label: Resource label of the predefined metric.
        group: What a customized metric has as AutoScalingGroupName, `None` if it has none.
    """

    policy: Resource
    metric: Any
    namespace: Any
    target: Any
    label: Any
    group: Any = None


def kind(policy: Resource) -> Any:
    """Return the type of a policy."""
    value = policy.get("policyType")
    return "SimpleScaling" if is_absent(value) else value


def tracking(group: Group) -> Iterator[Tracking]:
    """Yield the target tracking of every policy of a group."""
    for policy in group.policies:
        configuration = policy.get("targetTrackingConfiguration")
        if is_absent(configuration) or configuration is UNKNOWN:
            continue
        predefined = dig(configuration, "predefinedMetricSpecification")
        custom = dig(configuration, "customizedMetricSpecification")
        yield Tracking(
            policy,
            None if is_absent(predefined) else dig(predefined, "predefinedMetricType"),
            dig(custom, "namespace"),
            dig(configuration, "targetValue"),
            dig(predefined, "resourceLabel"),
            next(
                (
                    dig(one, "value")
                    for one in items(dig(custom, "metricDimensions"))
                    if dig(one, "name") == "AutoScalingGroupName"
                ),
                None,
            ),
        )


def by_alarms(policy: Resource) -> bool:
    """Return whether alarms trigger a policy."""
    return kind(policy) in _STEPS


def grows(fleets: Fleets, policy: Resource) -> str | None:
    """Return why a policy never lets a group grow, `None` if it does or may."""
    if policy.get("enabled") is False:
        return "is disabled"
    if kind(policy) == "PredictiveScaling":
        mode = dig(policy.get("predictiveScalingConfiguration"), "mode")
        return None if mode in ("ForecastAndScale", UNKNOWN) else "only forecasts"
    if kind(policy) in _STEPS:
        if _only_removes(policy):
            return "only removes instances"
        if not fleets.triggered(policy):
            return "has no alarm that triggers it"
    return None


def _only_removes(policy: Resource) -> bool:
    changes = [dig(step, "scalingAdjustment") for step in items(policy.get("stepAdjustments"))]
    single = policy.get("scalingAdjustment")
    changes += [] if is_absent(single) else [single]
    known = [number(change) for change in changes]
    return bool(known) and all(change is not None and change <= 0 for change in known)
