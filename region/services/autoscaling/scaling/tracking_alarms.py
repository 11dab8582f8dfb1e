"""The two alarms of a policy that tracks a target.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy

from region.services.autoscaling.scaling import policies
from region.services.autoscaling.scaling.policy_checks import PER_TARGET, parts_of_label
from region.services.autoscaling.scaling.records import PolicyRecord
from region.services.cloudwatch.alarm_patches import save
from region.services.cloudwatch.records import METRIC_ALARM

MINUTE = 60
HIGH_DATAPOINTS, LOW_DATAPOINTS = 3, 15
"""Data points of a minute; not documented, but what alarms of AWS's own policies show."""
LOW_SHARE_OF_CPU, LOW_SHARE = 0.7, 0.9
"""The scale-in threshold, of the target: not documented either."""
CPU = ("ASGAverageCPUUtilization", "ASGAverageCPUUtilizationHighResolution")
HIGH_RESOLUTION_PERIOD = 10
HIGH, LOW = "AlarmHigh", "AlarmLow"
_EC2_METRICS = {
    "ASGAverageCPUUtilization": "CPUUtilization",
    "ASGAverageCPUUtilizationHighResolution": "CPUUtilization",
    "ASGAverageNetworkIn": "NetworkIn",
    "ASGAverageNetworkOut": "NetworkOut",
}


def configuration_of(policy: FakeScalingPolicy) -> Mapping[str, Any]:
    """Return the target tracking configuration, empty for a policy of another type."""
    tracking = policy.target_tracking_configuration
    return {} if tracking is None else vars(tracking)


def target_of(policy: FakeScalingPolicy) -> float:
    """Return the value that the policy keeps the metric at."""
    return float(configuration_of(policy)["TargetValue"])


def scales_in(policy: FakeScalingPolicy) -> bool:
    """Return whether the policy may take instances away."""
    return str(configuration_of(policy).get("DisableScaleIn", False)).lower() != "true"


def put(backend: AutoScalingBackend, policy: FakeScalingPolicy) -> None:
    """Replace the alarms of a policy."""
    policies.delete_alarms(backend, policy)
    target, share = target_of(policy), _low_share(policy)
    _put(backend, policy, HIGH, "GreaterThanThreshold", target)
    if scales_in(policy):
        # Rounded: 0.7 of 30 is not 20.999999999999996.
        _put(backend, policy, LOW, "LessThanThreshold", round(target * share, 9))


def _put(
    backend: AutoScalingBackend,
    policy: FakeScalingPolicy,
    kind: str,
    operator: str,
    threshold: float,
) -> None:
    metric, period = _metric(policy)
    minutes = HIGH_DATAPOINTS if kind == HIGH else LOW_DATAPOINTS
    name = f"TargetTracking-{policy.auto_scaling_group_name}-{kind}-{uuid.uuid4()}"
    settings = {
        "AlarmName": name,
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
        "ActionsEnabled": True,
        "AlarmActions": [policy.arn],
        "ComparisonOperator": operator,
        "EvaluationPeriods": minutes * MINUTE // period if kind == LOW else minutes,
        "Threshold": threshold,
        **metric,
    }
    save(policies.alarms_of(backend), settings, METRIC_ALARM, [])
    PolicyRecord.of(policy).alarms.append(name)


def _low_share(policy: FakeScalingPolicy) -> float:
    predefined = configuration_of(policy).get("PredefinedMetricSpecification") or {}
    return LOW_SHARE_OF_CPU if predefined.get("PredefinedMetricType") in CPU else LOW_SHARE


def _metric(policy: FakeScalingPolicy) -> tuple[dict[str, Any], int]:
    """Return what the alarms watch, as parameters of PutMetricAlarm, and the period in seconds."""
    configuration = configuration_of(policy)
    predefined = configuration.get("PredefinedMetricSpecification")
    if predefined:
        return _predefined(policy, predefined)
    customized: Mapping[str, Any] = configuration["CustomizedMetricSpecification"]
    queries: list[Mapping[str, Any]] = customized.get("Metrics") or []
    if queries:
        return _math(queries)
    settings, period = _simple(
        str(customized["Namespace"]),
        str(customized["MetricName"]),
        customized.get("Dimensions") or [],
        str(customized["Statistic"]),
        int(customized.get("Period") or MINUTE),
    )
    unit = customized.get("Unit")
    return settings | ({"Unit": unit} if unit else {}), period


def _predefined(policy: FakeScalingPolicy, metric: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    kind = str(metric["PredefinedMetricType"])
    if kind == PER_TARGET:
        balancer, target_group = parts_of_label(str(metric["ResourceLabel"]))
        dimensions = [
            {"Name": "TargetGroup", "Value": target_group},
            {"Name": "LoadBalancer", "Value": balancer},
        ]
        return _simple("AWS/ApplicationELB", "RequestCountPerTarget", dimensions, "Sum", MINUTE)
    dimensions = [{"Name": "AutoScalingGroupName", "Value": policy.auto_scaling_group_name}]
    period = HIGH_RESOLUTION_PERIOD if kind == CPU[1] else MINUTE
    return _simple("AWS/EC2", _EC2_METRICS[kind], dimensions, "Average", period)


def _simple(
    namespace: str, name: str, dimensions: list[dict[str, str]], statistic: str, period: int
) -> tuple[dict[str, Any], int]:
    settings = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": dimensions,
        "Statistic": statistic,
        "Period": period,
    }
    return settings, period


def _math(queries: list[Mapping[str, Any]]) -> tuple[dict[str, Any], int]:
    period = max(int((one.get("MetricStat") or {}).get("Period") or MINUTE) for one in queries)
    return {"Metrics": [_query(one) for one in queries]}, period


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query with what PutMetricAlarm asks for and a policy may leave out."""
    completed = dict(query)
    completed["ReturnData"] = str(query.get("ReturnData", True)).lower() != "false"
    if stat := query.get("MetricStat"):
        completed["MetricStat"] = {"Period": MINUTE, **stat}
    return completed
