"""What PutScalingPolicy refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup

from region.api.parameters import Parameters
from region.services.autoscaling.scaling.adjustments import (
    ADJUSTMENT_TYPES,
    EXACT,
    PERCENT,
    Step,
    gap_or_overlap,
)
from region.services.autoscaling.scaling.policies import SIMPLE, STEP, TRACKING

PREDICTIVE = "PredictiveScaling"
PER_TARGET = "ALBRequestCountPerTarget"
_KINDS = (SIMPLE, STEP, TRACKING, PREDICTIVE)
PREDEFINED = (
    "ASGAverageCPUUtilization",
    "ASGAverageCPUUtilizationHighResolution",
    "ASGAverageNetworkIn",
    "ASGAverageNetworkOut",
    PER_TARGET,
)
STATISTICS = ("Average", "Minimum", "Maximum", "SampleCount", "Sum")
PERIODS = (10, 30, 60)
AGGREGATIONS = ("Minimum", "Maximum", "Average")
_LABEL = re.compile(r"(?P<balancer>app/[^/]+/[^/]+)/(?P<group>targetgroup/[^/]+/[^/]+)")
_FITTING = {
    "ScalingAdjustment": {SIMPLE},
    "Cooldown": {SIMPLE},
    "AdjustmentType": {SIMPLE, STEP},
    "MinAdjustmentMagnitude": {SIMPLE, STEP},
    "MinAdjustmentStep": {SIMPLE, STEP},
    "StepAdjustments": {STEP},
    "MetricAggregationType": {STEP},
    "EstimatedInstanceWarmup": {STEP, TRACKING},
    "TargetTrackingConfiguration": {TRACKING},
    "PredictiveScalingConfiguration": {PREDICTIVE},
}


def check(given: Parameters, group: FakeAutoScalingGroup) -> None:
    """Check the parameters of a policy.

    Raises:
        ValidationError: One is missing, does not fit the policy's type, or has no such value.
        NotImplementedError: The region does not have policies of that type.
    """
    kind = given.text("PolicyType") or SIMPLE
    if kind == PREDICTIVE:
        raise NotImplementedError(
            f"PolicyType {PREDICTIVE}: use {TRACKING}, {STEP} or a scheduled action"
        )
    check_kinds([kind])
    name = given.text("PolicyName")
    if ":" in name:
        _refuse(f"PolicyName {name} must not contain a colon")
    for parameter, kinds in _FITTING.items():
        if given.get(parameter) not in (None, [], {}) and kind not in kinds:
            _refuse(f"{parameter} is not supported for policy type {kind}")
    if kind == TRACKING:
        _check_tracking(given.structure("TargetTrackingConfiguration"), group)
    else:
        _check_adjustment(given, kind)
    warmup = given.integer("EstimatedInstanceWarmup")
    if warmup is not None and warmup < 0:
        _refuse(f"EstimatedInstanceWarmup {warmup} must not be negative")


def check_kinds(kinds: Iterable[str]) -> None:
    """Check the types of policies that a call asks for.

    Raises:
        ValidationError: There is no such type.
    """
    for kind in kinds:
        if kind not in _KINDS:
            _refuse(f"PolicyType {kind} is not one of {', '.join(_KINDS)}")


def check_metric(given: Parameters, others: Iterable[Mapping[str, Any]]) -> None:
    """Check that no other policy of the group, by its target tracking configuration, has the same metric.

    User guide, "Target tracking scaling policies": each of several must use another metric.

    Raises:
        ValidationError: Another one has.
    """
    if given.text("PolicyType") != TRACKING:
        return
    metric = _metric(given.structure("TargetTrackingConfiguration"))
    if metric in [_metric(one) for one in others]:
        _refuse(f"Only one {TRACKING} policy for a given metric specification is allowed")


def _metric(tracking: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (
        tracking.get("PredefinedMetricSpecification")
        or tracking.get("CustomizedMetricSpecification")
        or {}
    )
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def steps_of(structures: list[dict[str, Any]]) -> list[Step]:
    """Return the step adjustments of a call or of a policy."""
    return [
        Step(
            _bound(one.get("MetricIntervalLowerBound")),
            _bound(one.get("MetricIntervalUpperBound")),
            int(one["ScalingAdjustment"]),
        )
        for one in structures
    ]


def parts_of_label(label: str) -> tuple[str, str]:
    """Return the load balancer and the target group of a resource label, as metrics name them.

    Raises:
        ValidationError: It has not the form of one.
    """
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValidationError(
            f"Invalid resource label: {label}. It must be "
            "app/<load-balancer-name>/<load-balancer-id>/targetgroup/<target-group-name>/"
            "<target-group-id>."
        )
    return match["balancer"], match["group"]


def _check_adjustment(given: Parameters, kind: str) -> None:
    adjustment_type = given.text("AdjustmentType")
    if adjustment_type not in ADJUSTMENT_TYPES:
        _refuse(
            f"AdjustmentType {adjustment_type} must be one of {', '.join(ADJUSTMENT_TYPES)}"
            if adjustment_type
            else f"AdjustmentType is required for policy type {kind}"
        )
    least = given.integer("MinAdjustmentMagnitude") or given.integer("MinAdjustmentStep")
    if least is not None and adjustment_type != PERCENT:
        _refuse(f"MinAdjustmentMagnitude is only supported for adjustment type {PERCENT}")
    if kind == SIMPLE:
        adjustments = [given.integer("ScalingAdjustment")]
        if adjustments == [None]:
            _refuse(f"ScalingAdjustment is required for policy type {kind}")
        if (given.integer("Cooldown") or 0) < 0:
            _refuse(f"Cooldown {given.integer('Cooldown')} must not be negative")
    else:
        steps = steps_of(given.structures("StepAdjustments"))
        if not steps:
            _refuse(f"At least one StepAdjustment is required for policy type {kind}")
        if wrong := gap_or_overlap(steps):
            _refuse(wrong)
        aggregation = given.text("MetricAggregationType")
        if aggregation and aggregation not in AGGREGATIONS:
            _refuse(f"MetricAggregationType {aggregation} is not one of {', '.join(AGGREGATIONS)}")
        adjustments = [step.adjustment for step in steps]
    if adjustment_type == EXACT and any((one or 0) < 0 for one in adjustments):
        _refuse(f"ScalingAdjustment must not be negative for adjustment type {EXACT}")


def _check_tracking(tracking: Mapping[str, Any], group: FakeAutoScalingGroup) -> None:
    if not tracking:
        _refuse(f"TargetTrackingConfiguration is required for policy type {TRACKING}")
    target = tracking.get("TargetValue")
    if target is None:
        _refuse("TargetValue is required for a target tracking configuration")
    if float(str(target)) <= 0:
        _refuse(f"TargetValue {target} must be greater than 0")
    predefined = tracking.get("PredefinedMetricSpecification")
    customized = tracking.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        _refuse(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be "
            "specified"
        )
    if predefined:
        _check_predefined(predefined, group)
    if customized:
        _check_customized(customized)


def _check_predefined(metric: Mapping[str, Any], group: FakeAutoScalingGroup) -> None:
    kind, label = metric.get("PredefinedMetricType"), metric.get("ResourceLabel")
    if kind not in PREDEFINED:
        _refuse(f"PredefinedMetricType {kind} is not one of {', '.join(PREDEFINED)}")
    if kind != PER_TARGET:
        if label:
            _refuse(f"ResourceLabel is only supported for PredefinedMetricType {PER_TARGET}")
        return
    if not label:
        _refuse(f"ResourceLabel is required for PredefinedMetricType {PER_TARGET}")
    _, target_group = parts_of_label(str(label))
    if not any(arn.endswith(f":{target_group}") for arn in group.target_group_arns):
        _refuse(
            f"The target group {target_group} of the resource label is not attached to the Auto "
            f"Scaling group {group.name}"
        )


def _check_customized(metric: Mapping[str, Any]) -> None:
    queries: list[Mapping[str, Any]] = metric.get("Metrics") or []
    if not queries:
        for name in ("MetricName", "Namespace", "Statistic"):
            if not metric.get(name):
                _refuse(f"{name} is required for a CustomizedMetricSpecification without Metrics")
        if metric["Statistic"] not in STATISTICS:
            _refuse(f"Statistic {metric['Statistic']} is not one of {', '.join(STATISTICS)}")
    elif metric.get("MetricName") or metric.get("Namespace"):
        _refuse("A CustomizedMetricSpecification has either Metrics or MetricName and Namespace")
    periods = [metric.get("Period")]
    periods += [(query.get("MetricStat") or {}).get("Period") for query in queries]
    periods += [query.get("Period") for query in queries]
    for period in periods:
        if period is not None and int(period) not in PERIODS:
            _refuse(f"Period {period} is not one of {', '.join(map(str, PERIODS))}")
    if queries and sum(_returns(query) for query in queries) != 1:
        _refuse("Exactly one element of Metrics must return data")


def _returns(query: Mapping[str, Any]) -> bool:
    return str(query.get("ReturnData", True)).lower() != "false"


def _bound(value: object) -> float | None:
    return None if value is None else float(str(value))


def _refuse(message: str) -> None:
    raise ValidationError(f"{message}.")
