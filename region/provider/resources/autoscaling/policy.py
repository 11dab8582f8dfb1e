"""Scaling policies that track a target."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given
from region.provider.operation import Operation
from region.provider.values import Properties

TRACKING = "TargetTrackingScaling"
PER_TARGET = "ALBRequestCountPerTarget"
METRICS = (PER_TARGET, "ASGAverageCPUUtilization")
_LABEL = re.compile(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+")
_METRIC = "targetTrackingConfiguration.predefinedMetricSpecification"


class Policy(Handler):
    """`aws.autoscaling.Policy` with target tracking."""

    resource_type = "aws:autoscaling/policy:Policy"
    supported = frozenset(
        {
            "name",
            "autoscalingGroupName",
            "policyType",
            "estimatedInstanceWarmup",
            "enabled",
            "targetTrackingConfiguration.targetValue",
            "targetTrackingConfiguration.disableScaleIn",
            f"{_METRIC}.predefinedMetricType",
            f"{_METRIC}.resourceLabel",
        }
    )
    defaults: ClassVar = {"policyType": "SimpleScaling", "enabled": True}
    naming = Naming(prefix="", pattern=r"[^:]+", rule="any characters but colons")

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the policy tracks a predefined metric."""
        yield from checks.one_of("policyType", inputs.get("policyType"), [TRACKING])
        tracking: Any = inputs.get("targetTrackingConfiguration")
        if not isinstance(tracking, dict):
            reason = f"a {TRACKING} policy needs 'targetTrackingConfiguration'; set it"
            yield CheckFailure("targetTrackingConfiguration", reason)
            return
        target: Any = tracking.get("targetValue")  # pyright: ignore[reportUnknownMemberType]
        if isinstance(target, int | float) and target <= 0:
            reason = f"the target value {target} must be above 0"
            yield CheckFailure("targetTrackingConfiguration.targetValue", reason)
        metric: Any = tracking.get("predefinedMetricSpecification")  # pyright: ignore[reportUnknownMemberType]
        if isinstance(metric, dict):
            yield from _check_metric(metric)
        else:
            yield CheckFailure(_METRIC, "set 'predefinedMetricSpecification': it names the metric")

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
        tracking = inputs["targetTrackingConfiguration"]
        metric = given(
            {"PredefinedMetricType": "predefinedMetricType", "ResourceLabel": "resourceLabel"},
            tracking["predefinedMetricSpecification"],
        )
        op.aws.autoscaling.put_scaling_policy(
            AutoScalingGroupName=inputs["autoscalingGroupName"],
            PolicyName=inputs["name"],
            PolicyType=inputs["policyType"],
            TargetTrackingConfiguration={
                "PredefinedMetricSpecification": metric,
                **given(
                    {"TargetValue": "targetValue", "DisableScaleIn": "disableScaleIn"}, tracking
                ),
            },
            **given({"EstimatedInstanceWarmup": "estimatedInstanceWarmup"}, inputs),
            # Enabled is AWS's default, so the parameter is needed only to switch a policy off.
            **({} if inputs["enabled"] else {"Enabled": False}),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the policy; its id for an import is `<group>/<policy>`."""
        group, name = _key(identity, state)
        response = op.aws.autoscaling.describe_policies(
            AutoScalingGroupName=group, PolicyNames=[name]
        )
        for policy in response["ScalingPolicies"]:
            tracking = policy.get("TargetTrackingConfiguration") or {}
            metric = tracking.get("PredefinedMetricSpecification") or {}
            specification = {"predefinedMetricType": metric.get("PredefinedMetricType", "")}
            if metric.get("ResourceLabel"):
                specification["resourceLabel"] = metric["ResourceLabel"]
            return {
                "name": policy["PolicyName"],
                "autoscalingGroupName": policy["AutoScalingGroupName"],
                "policyType": policy["PolicyType"],
                "arn": policy.get("PolicyARN", ""),
                "targetTrackingConfiguration": {
                    "targetValue": tracking.get("TargetValue"),
                    "disableScaleIn": bool(tracking.get("DisableScaleIn")),
                    "predefinedMetricSpecification": specification,
                },
            }
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


def _check_metric(metric: Properties) -> Iterable[CheckFailure]:
    kind, label = metric.get("predefinedMetricType"), metric.get("resourceLabel")
    yield from checks.one_of(f"{_METRIC}.predefinedMetricType", kind, METRICS)
    path = f"{_METRIC}.resourceLabel"
    if kind == PER_TARGET and label is None:
        yield CheckFailure(
            path, f"{PER_TARGET} needs 'resourceLabel': <LB arnSuffix>/<TG arnSuffix>"
        )
    if isinstance(label, str) and not _LABEL.fullmatch(label):
        yield CheckFailure(
            path,
            f"{label!r} is not a resource label; join the load balancer's and the target group's "
            "arnSuffix with '/'",
        )
