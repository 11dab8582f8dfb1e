"""What breaks the rules about scaling policies."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

_TRACKING = "targetTrackingConfiguration"
_METRIC = f"{_TRACKING}.predefinedMetricSpecification"

decides(
    "asg-scaling-policy", "scaling-policy", "autoscalingGroupName", absent=BREAKS, unknown=KEEPS
)
decides(
    "asg-scaling-policy-works",
    "scaling-policy",
    f"{_METRIC}.resourceLabel",
    absent=BREAKS,
    unknown=KEEPS,
)
decides(
    "asg-default-instance-warmup", "group", "defaultInstanceWarmup", absent=BREAKS, unknown=KEEPS
)
decides("ec2-detailed-monitoring", "template", "monitoring", absent=KEEPS, unknown=KEEPS)
decides(
    "asg-burst-credits-explicit", "template", "creditSpecification", absent=BREAKS, unknown=KEEPS
)


@breaks("asg-scaling-policy", ADVISORY)
def no_scaling_policy(stack):
    stack.drop("scaling-policy")


@breaks("asg-scaling-policy", ADVISORY)
def a_fleet_that_cannot_grow(stack):
    stack.set("group", "maxSize", 6)


@breaks("asg-scaling-policy", ADVISORY)
def a_step_policy_that_nothing_triggers(stack):
    stack.set("scaling-policy", _TRACKING, ...)
    stack.set("scaling-policy", "policyType", "StepScaling")
    stack.set("scaling-policy", "adjustmentType", "ChangeInCapacity")
    steps = [{"scalingAdjustment": 1, "metricIntervalLowerBound": "0"}]
    stack.set("scaling-policy", "stepAdjustments", steps)


@breaks("asg-scaling-policy", ADVISORY)
def scaling_policies_suspended(stack):
    stack.set("group", "suspendedProcesses", ["AlarmNotification"])


@breaks("asg-scaling-policy-works")
def requests_of_another_target_group(stack):
    stack.twin("target-group", "other")
    label = "app/other/0123456789abcdef/targetgroup/other/0123456789abcdef"
    stack.set("scaling-policy", f"{_METRIC}.resourceLabel", label)


@breaks("asg-scaling-policy-works")
def requests_without_a_label(stack):
    metric = {"predefinedMetricType": "ALBRequestCountPerTarget"}
    stack.set("scaling-policy", _METRIC, metric)


def _cpu(stack, target):
    metric = {"predefinedMetricType": "ASGAverageCPUUtilization"}
    configuration = {"predefinedMetricSpecification": metric, "targetValue": target}
    stack.set("scaling-policy", _TRACKING, configuration)


@breaks("asg-scaling-policy-works")
def all_of_the_cpu(stack):
    _cpu(stack, 100)
    stack.set("template", "monitoring", {"enabled": True})
    stack.set("template", "creditSpecification", {"cpuCredits": "unlimited"})


@breaks("asg-scaling-policy-works")
def no_request_at_all(stack):
    stack.set("scaling-policy", f"{_TRACKING}.targetValue", 0)


@breaks("asg-default-instance-warmup", ADVISORY)
def metrics_of_starting_instances(stack):
    stack.set("group", "defaultInstanceWarmup", ...)


@breaks("ec2-detailed-monitoring", ADVISORY)
def cpu_every_five_minutes(stack):
    _cpu(stack, 50)
    stack.set("template", "creditSpecification", {"cpuCredits": "unlimited"})


@breaks("asg-burst-credits-explicit", ADVISORY)
def no_credit_mode(stack):
    stack.set("template", "creditSpecification", ...)


@breaks("asg-burst-credits-explicit", ADVISORY)
def cpu_above_the_baseline(stack):
    _cpu(stack, 50)
    stack.set("template", "monitoring", {"enabled": True})


@breaks("asg-scaling-policy-works")
def grows_once_in_a_day(stack):
    stack.set("scaling-policy", _TRACKING, ...)
    stack.set("scaling-policy", "policyType", "SimpleScaling")
    stack.set("scaling-policy", "adjustmentType", "ChangeInCapacity")
    stack.set("scaling-policy", "scalingAdjustment", 1)
    stack.set("scaling-policy", "cooldown", 86400)
    stack.add(
        "busy",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "AWS/EC2",
            "metricName": "CPUUtilization",
            "dimensions": {"AutoScalingGroupName": Ref("group", "name")},
            "statistic": "Average",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 70,
            "period": 60,
            "evaluationPeriods": 2,
            "alarmActions": [Ref("scaling-policy", "arn")],
        },
    )
