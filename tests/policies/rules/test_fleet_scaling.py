"""Scaling policies: that there is one, and that it can work."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, broken, violations
from tests.policies.mutations.listening import sends_away
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

POLICY = "aws:autoscaling/policy:Policy"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TRACKING = "targetTrackingConfiguration"
METRIC = f"{TRACKING}.predefinedMetricSpecification"


def cpu(draft, target, mode="unlimited", *, monitored=True):
    """Target tracking of CPU utilization."""
    metric = {"predefinedMetricType": "ASGAverageCPUUtilization"}
    configuration = {"predefinedMetricSpecification": metric, "targetValue": target}
    draft.set("scaling-policy", TRACKING, configuration)
    draft.set("template", "monitoring", {"enabled": monitored})
    return draft.set("template", "creditSpecification", {"cpuCredits": mode})


def steps(draft, *changes, alarm=True):
    """A step scaling policy, and the alarm that triggers it."""
    draft.set("scaling-policy", TRACKING, ...).set("scaling-policy", "policyType", "StepScaling")
    bounds = ["", *(str(10 * number) for number in range(1, len(changes))), ""]
    given = [
        {
            "scalingAdjustment": change,
            "metricIntervalLowerBound": low,
            "metricIntervalUpperBound": high,
        }
        for change, low, high in zip(changes, bounds, bounds[1:], strict=False)
    ]
    draft.set("scaling-policy", "stepAdjustments", given)
    if alarm:
        draft.add("load", ALARM, {"alarmActions": [UNKNOWN]}, {"alarmActions": ["scaling-policy"]})
    return draft


def other_target_group(draft):
    """The label comes from a target group that is not the group's."""
    draft.twin("target-group", "other")
    return draft.link("scaling-policy", TRACKING, "load-balancer", "other")


def other_balancer(draft):
    """The label comes from a load balancer that does not forward to the group's target group."""
    sends_away(draft.twin("load-balancer", "other"), "other")
    return draft.link("scaling-policy", TRACKING, "other", "target-group")


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-scaling-policy", lambda d: d.set("scaling-policy", "enabled", False)),
    ("asg-scaling-policy", lambda d: steps(d, -1)),
    ("asg-scaling-policy", lambda d: steps(d, 1, alarm=False)),
    ("asg-scaling-policy", lambda d: d.set("scaling-policy", TRACKING, ...)
        .set("scaling-policy", "policyType", "PredictiveScaling")
        .set("scaling-policy", "predictiveScalingConfiguration", {"metricSpecification": {}})),
    ("asg-scaling-policy-works", other_target_group),
    ("asg-scaling-policy-works", other_balancer),
    ("asg-scaling-policy-works", lambda d: cpu(d, 120.0)),
    ("asg-scaling-policy-works", lambda d: d.set("target-group", "arnSuffix", "targetgroup/web/1")
        .set("scaling-policy", f"{METRIC}.resourceLabel", "app/web/2/targetgroup/other/3")),
    ("ec2-detailed-monitoring", lambda d: cpu(d, 50.0, monitored=False)),
    ("ec2-detailed-monitoring", lambda d: d.set("scaling-policy", METRIC, ...)
        .set("scaling-policy", f"{TRACKING}.customizedMetricSpecification",
             {"namespace": "AWS/EC2", "metricName": "NetworkOut", "statistic": "Average"})),
    ("asg-burst-credits-explicit", lambda d: cpu(d, 50.0, "standard")),
    ("asg-burst-credits-explicit", lambda d: d.set("template", "creditSpecification", ...)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: cpu(d, 50.0),
    lambda d: cpu(d, 4.0, "standard"),
    lambda d: steps(d, 2, -1),
    lambda d: d.set("scaling-policy", f"{TRACKING}.disableScaleIn", True),
    lambda d: d.set("target-group", "arnSuffix", "targetgroup/web/1")
        .set("scaling-policy", f"{METRIC}.resourceLabel", "app/web/2/targetgroup/web/1"),
    lambda d: d.set("scaling-policy", TRACKING, ...)
        .set("scaling-policy", "policyType", "PredictiveScaling")
        .set("scaling-policy", "predictiveScalingConfiguration", {"mode": "ForecastAndScale"}),
    lambda d: d.drop("scaling-policy").add("capacity", "aws:ecs/capacityProvider:CapacityProvider",
        {"autoScalingGroupProvider": {"autoScalingGroupArn": UNKNOWN}},
        {"autoScalingGroupProvider": ["group"]}),
    lambda d: d.drop("scaling-policy").add("plan", "aws:autoscalingplans/scalingPlan:ScalingPlan", {}),
    lambda d: d.set("scaling-policy", "estimatedInstanceWarmup", 60.0)
        .set("group", "defaultInstanceWarmup", ...),
    lambda d: d.set("group", "defaultInstanceWarmup", 0.0),
    lambda d: d.set("template", "creditSpecification", ...)
        .set("group", "mixedInstancesPolicy.launchTemplate.overrides",
             [{"instanceType": "m7g.large"}, {"instanceType": "m7g.xlarge"}]),
    lambda d: d.add("morning", "aws:autoscaling/schedule:Schedule", {"autoscalingGroupName": UNKNOWN,
        "minSize": 8, "maxSize": 20, "desiredCapacity": 8}, {"autoscalingGroupName": ["group"]})
        .drop("scaling-policy"),
]  # fmt: skip


@pytest.mark.parametrize("change", [other_target_group, other_balancer])
def test_the_remedy_ends_it(change):
    draft = change(Draft())
    (found,) = violations(draft, "asg-scaling-policy-works")
    assert "resource_label" in found.remedy
    assert not broken(
        draft.link("scaling-policy", TRACKING, "load-balancer", "target-group").drop("other")
    )
