"""Scaling policies: those that track a target, step and simple ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, found, given
from region.provider.operation import Operation
from region.provider.resources.autoscaling.tracking import (
    CONFIGURATION,
    PATHS,
    check_configuration,
    configuration_parameter,
    described_configuration,
)
from region.provider.values import Properties

TRACKING, STEP, SIMPLE = "TargetTrackingScaling", "StepScaling", "SimpleScaling"
ADJUSTMENT_TYPES = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
_SETTINGS = {
    "PolicyType": "policyType",
    "AdjustmentType": "adjustmentType",
    "MinAdjustmentMagnitude": "minAdjustmentMagnitude",
    "ScalingAdjustment": "scalingAdjustment",
    "Cooldown": "cooldown",
    "MetricAggregationType": "metricAggregationType",
    "EstimatedInstanceWarmup": "estimatedInstanceWarmup",
}
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    TRACKING: ("targetTrackingConfiguration",),
    STEP: ("adjustmentType", "stepAdjustments"),
    SIMPLE: ("adjustmentType", "scalingAdjustment"),
}
"""What a policy of each type needs."""
_ALL = frozenset({*_SETTINGS.values(), "stepAdjustments", CONFIGURATION})
_MAY: Mapping[str, frozenset[str]] = {
    TRACKING: frozenset({CONFIGURATION, "estimatedInstanceWarmup", "policyType"}),
    STEP: _ALL - {CONFIGURATION, "scalingAdjustment", "cooldown"},
    SIMPLE: _ALL
    - {CONFIGURATION, "stepAdjustments", "metricAggregationType", "estimatedInstanceWarmup"},
}
_BOUNDS = {
    "MetricIntervalLowerBound": "metricIntervalLowerBound",
    "MetricIntervalUpperBound": "metricIntervalUpperBound",
}


class Policy(Handler):
    """`aws.autoscaling.Policy` with target tracking, steps or one adjustment."""

    resource_type = "aws:autoscaling/policy:Policy"
    supported = frozenset(
        {
            "name",
            "autoscalingGroupName",
            "enabled",
            *_SETTINGS.values(),
            "stepAdjustments.scalingAdjustment",
            *(f"stepAdjustments.{name}" for name in _BOUNDS.values()),
            *PATHS,
        }
    )
    hints: ClassVar = {
        "predictiveScalingConfiguration": (
            "use 'targetTrackingConfiguration', or a schedule: nothing forecasts in the local region"
        )
    }
    defaults: ClassVar = {"policyType": SIMPLE, "enabled": True}
    sets = frozenset({"stepAdjustments"})
    computed = frozenset({"metricAggregationType"})
    naming = Naming(prefix="", pattern=r"[^:]+", rule="any characters but colons")

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the policy has what its type needs, and nothing else."""
        kind = inputs.get("policyType")
        yield from checks.one_of("policyType", kind, [TRACKING, STEP, SIMPLE])
        yield from checks.one_of("adjustmentType", inputs.get("adjustmentType"), ADJUSTMENT_TYPES)
        if not isinstance(kind, str) or kind not in _OF_TYPE:
            return
        for name in _OF_TYPE[kind]:
            if inputs.get(name) is None:
                yield CheckFailure(name, f"a {kind} policy needs {name!r}; set it")
        for name in sorted(_ALL - _MAY[kind]):
            if inputs.get(name) is not None:
                yield CheckFailure(name, f"a {kind} policy has no {name!r}; remove it")
        tracking: Any = inputs.get(CONFIGURATION)
        if isinstance(tracking, dict):
            yield from check_configuration(tracking)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutScalingPolicy; the id is the name."""
        self._put(op, inputs)
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutScalingPolicy again."""
        if old is not None:
            self._put(op, new)

    def _put(self, op: Operation, inputs: Properties) -> None:
        more: dict[str, Any] = {}
        if inputs.get(CONFIGURATION):
            more["TargetTrackingConfiguration"] = configuration_parameter(inputs[CONFIGURATION])
        if inputs.get("stepAdjustments"):
            more["StepAdjustments"] = [_step(step) for step in inputs["stepAdjustments"]]
        # Enabled is AWS's default, so the parameter is needed only to switch a policy off.
        if not inputs["enabled"]:
            more["Enabled"] = False
        op.aws.autoscaling.put_scaling_policy(
            AutoScalingGroupName=inputs["autoscalingGroupName"],
            PolicyName=inputs["name"],
            **given(_SETTINGS, inputs),
            **more,
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the policy; its id for an import is `<group>/<policy>`."""
        group, name = _key(identity, state)
        response = op.aws.autoscaling.describe_policies(
            AutoScalingGroupName=group, PolicyNames=[name]
        )
        for policy in response["ScalingPolicies"]:
            described: Properties = {
                "name": policy["PolicyName"],
                "autoscalingGroupName": policy["AutoScalingGroupName"],
                "arn": policy.get("PolicyARN", ""),
                "enabled": policy.get("Enabled", True),
                **found(_SETTINGS, policy),
            }
            if policy.get("StepAdjustments"):
                steps = policy["StepAdjustments"]
                described["stepAdjustments"] = [_described_step(step) for step in steps]
            if policy.get("TargetTrackingConfiguration"):
                tracking = policy["TargetTrackingConfiguration"]
                described[CONFIGURATION] = described_configuration(tracking)
            return described
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeletePolicy; a deleted group has taken its policies along."""
        if self.read(op, identity, state) is not None:
            group, name = _key(identity, state)
            op.aws.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName=name)


def _key(identity: str, state: Properties) -> tuple[str, str]:
    if "autoscalingGroupName" in state:
        return state["autoscalingGroupName"], state["name"]
    group, _, name = identity.partition("/")
    return group, name


def _step(step: Properties) -> dict[str, Any]:
    """Return a step adjustment; the provider's bounds are texts, empty for none."""
    bounds = {
        parameter: float(step[name])
        for parameter, name in _BOUNDS.items()
        if step.get(name) not in (None, "")
    }
    return {"ScalingAdjustment": step["scalingAdjustment"], **bounds}


def _described_step(step: Mapping[str, Any]) -> Properties:
    bounds = {
        name: f"{step[parameter]:g}"
        for parameter, name in _BOUNDS.items()
        if step.get(parameter) is not None
    }
    return {"scalingAdjustment": step["ScalingAdjustment"], **bounds}
