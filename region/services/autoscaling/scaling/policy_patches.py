"""Calls about scaling policies."""

from __future__ import annotations

from typing import Any, cast

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.autoscaling.groups import refuse_if_deleting, require_group
from region.services.autoscaling.scaling import (
    cooldown,
    execution,
    policies,
    policy_checks,
    tracking_alarms,
)
from region.services.autoscaling.scaling.adjustments import ADJUSTMENT_TYPES, step_for
from region.services.autoscaling.scaling.execution import Trigger
from region.services.autoscaling.scaling.policies import SIMPLE, STEP, TRACKING
from region.services.autoscaling.scaling.records import PolicyRecord
from region.services.cloudwatch.records import AlarmRecord

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
MOST_POLICIES = 50
"""Of a group (Auto Scaling quotas)."""

patches = Patches()


@patches.around(FakeScalingPolicy, "__init__")
def _new_policy(moto: Original, self: FakeScalingPolicy, *args: object, **kwargs: object) -> None:
    PolicyRecord().attach(self)
    moto(self, *args, **kwargs)


def _arn(self: FakeScalingPolicy) -> str:
    backend = self.autoscaling_backend
    return (
        f"arn:aws:autoscaling:{backend.region_name}:{backend.account_id}:scalingPolicy:"
        f"{PolicyRecord.of(self).identity}:autoScalingGroupName/{self.auto_scaling_group_name}:"
        f"policyName/{self.name}"
    )


for _name in ("arn", "policy_arn"):
    patches.value(FakeScalingPolicy, _name)(_arn)


@patches.method(AutoScalingResponse)
def put_scaling_policy(self: AutoScalingResponse) -> ActionResult:
    """Create a policy or replace one; one that tracks a target gets its alarms."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    group = require_group(backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    policy_checks.check(given, group)
    name = given.text("PolicyName")
    before = policies.find(backend, name, group.name)
    kind = given.text("PolicyType") or SIMPLE
    if before is not None and before.policy_type != kind:
        raise ValidationError(
            f"Policy type cannot be changed: {name} is a {before.policy_type} policy. Delete it first."
        )
    others = [one for one in policies.of_group(backend, group.name) if one is not before]
    policy_checks.check_metric(given, map(tracking_alarms.configuration_of, others))
    if before is None and len(policies.of_group(backend, group.name)) >= MOST_POLICIES:
        message = f"{MOST_POLICIES} ScalingPolicies per group already exist: delete one of them"
        raise AutoscalingClientError("LimitExceeded", message)
    policy = _policy(backend, given)
    record = PolicyRecord.of(policy)
    if before is not None:
        record.identity = PolicyRecord.of(before).identity
        policies.delete(backend, before)
    policies.store(backend, policy)
    if policy.policy_type == TRACKING and record.enabled:
        tracking_alarms.put(backend, policy)
    return ActionResult({"PolicyARN": policy.arn, "Alarms": _alarms(backend, policy)})


def _policy(backend: AutoScalingBackend, given: Parameters) -> FakeScalingPolicy:
    kind = given.text("PolicyType") or SIMPLE
    least = given.integer("MinAdjustmentMagnitude") or given.integer("MinAdjustmentStep")
    aggregation = given.get("MetricAggregationType") or ("Average" if kind == STEP else None)
    made = FakeScalingPolicy(
        given.text("PolicyName"),
        kind,
        aggregation,
        adjustment_type=given.get("AdjustmentType"),
        as_name=given.text("AutoScalingGroupName"),
        min_adjustment_magnitude=least,  # pyright: ignore[reportArgumentType]
        scaling_adjustment=given.integer("ScalingAdjustment"),
        cooldown=given.integer("Cooldown"),
        target_tracking_config=given.structure("TargetTrackingConfiguration"),
        step_adjustments=given.structures("StepAdjustments"),  # pyright: ignore[reportArgumentType]
        estimated_instance_warmup=given.get("EstimatedInstanceWarmup"),
        predictive_scaling_configuration={},  # pyright: ignore[reportArgumentType]
        autoscaling_backend=backend,
    )
    policy = cast("FakeScalingPolicy", made)  # moto's models are typed by their base
    policy.cooldown = given.integer("Cooldown")
    record = PolicyRecord.of(policy)
    record.warmup = given.integer("EstimatedInstanceWarmup")
    record.enabled = given.get("Enabled") is None or given.flag("Enabled")
    return policy


@patches.method(AutoScalingResponse)
def describe_policies(self: AutoScalingResponse) -> ActionResult:
    """Describe policies with the alarms that run them."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    group, names = given.text("AutoScalingGroupName"), given.texts("PolicyNames")
    kinds = given.texts("PolicyTypes")
    policy_checks.check_kinds(kinds)
    found = [
        _described(backend, policy)
        for policy in backend.policies.values()
        if group in {"", policy.auto_scaling_group_name}
        and (not names or policy.name in names or policy.arn in names)
        and (not kinds or policy.policy_type in kinds)
    ]
    return ActionResult({"ScalingPolicies": found})


@patches.method(AutoScalingResponse)
def delete_policy(self: AutoScalingResponse) -> EmptyResult:
    """Delete a policy with the alarms that it owns."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    if group := given.text("AutoScalingGroupName"):
        require_group(backend, group)
    policies.delete(backend, policies.require(backend, given.text("PolicyName"), group))
    return EmptyResult()


@patches.method(AutoScalingResponse)
def execute_policy(self: AutoScalingResponse) -> EmptyResult:
    """Run a step or simple policy."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    if name := given.text("AutoScalingGroupName"):
        require_group(backend, name)
    policy = policies.require(backend, given.text("PolicyName"), name)
    group = require_group(backend, policy.auto_scaling_group_name)
    refuse_if_deleting(group)
    value, threshold = given.get("MetricValue"), given.get("BreachThreshold")
    if policy.policy_type == TRACKING:
        raise ValidationError(f"ExecutePolicy is not supported for policy type {TRACKING}.")
    if policy.policy_type == STEP:
        _check_step(policy, value, threshold)
    elif value is not None or threshold is not None:
        raise ValidationError(
            f"MetricValue and BreachThreshold are only supported for policy type {STEP}."
        )
    elif given.flag("HonorCooldown"):
        cooldown.refuse_during(group)
    trigger = Trigger(
        f"a user request executed policy {policy.name}",
        value=None if value is None else float(value),
        threshold=None if threshold is None else float(threshold),
    )
    execution.run(backend, group, policy, trigger)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_adjustment_types(self: AutoScalingResponse) -> ActionResult:
    """List the adjustment types."""
    del self
    return ActionResult(
        {"AdjustmentTypes": [{"AdjustmentType": kind} for kind in ADJUSTMENT_TYPES]}
    )


def _check_step(policy: FakeScalingPolicy, value: Any, threshold: Any) -> None:
    if value is None or threshold is None:
        raise ValidationError(
            f"MetricValue and BreachThreshold are required for policy type {STEP}."
        )
    difference = float(value) - float(threshold)
    steps = policy_checks.steps_of(policy.step_adjustments)  # pyright: ignore[reportArgumentType]
    if step_for(steps, difference) is None:
        raise ValidationError(
            f"No step adjustment of policy {policy.name} fits metric value {value} and breach "
            f"threshold {threshold}."
        )


def _described(backend: AutoScalingBackend, policy: FakeScalingPolicy) -> dict[str, Any]:
    record = PolicyRecord.of(policy)
    described: dict[str, Any] = {
        "AutoScalingGroupName": policy.auto_scaling_group_name,
        "PolicyName": policy.name,
        "PolicyARN": policy.arn,
        "PolicyType": policy.policy_type,
        "Alarms": _alarms(backend, policy),
        "Enabled": record.enabled,
    }
    optional = {
        "AdjustmentType": policy.adjustment_type,
        "MinAdjustmentMagnitude": policy.min_adjustment_magnitude,
        "ScalingAdjustment": policy.scaling_adjustment,
        "Cooldown": policy.cooldown,
        "EstimatedInstanceWarmup": record.warmup,
        "MetricAggregationType": policy.metric_aggregation_type,
        "StepAdjustments": policy.step_adjustments,
    }
    described |= {name: value for name, value in optional.items() if value is not None}
    if policy.policy_type == TRACKING:
        described["TargetTrackingConfiguration"] = {
            "DisableScaleIn": not tracking_alarms.scales_in(policy),
            **tracking_alarms.configuration_of(policy),
        }
    return described


def _alarms(backend: AutoScalingBackend, policy: FakeScalingPolicy) -> list[dict[str, str]]:
    """Return the alarms that run a policy: its own, and those that users made for it."""
    return [
        {"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn}
        for alarm in policies.alarms_of(backend).alarms.values()
        for settings in [AlarmRecord.of(alarm).settings]
        if any(policy.arn in (settings.get(actions) or []) for actions in _ACTIONS)
    ]
