"""Auto Scaling groups, their policies and schedules."""

from __future__ import annotations

from typing import Any

from tests.region.provider.lifecycles.case import Case

TRACKING = {
    "targetValue": 100.0,
    "predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"},
}


def mixed(world: Any, *types: str) -> dict[str, Any]:
    return {
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": world.template.id, "version": "1"},
            "overrides": [{"instanceType": name} for name in types],
        },
        "instancesDistribution": {
            "onDemandAllocationStrategy": "prioritized",
            "onDemandBaseCapacity": 2,
            "onDemandPercentageAboveBaseCapacity": 100,
            "spotAllocationStrategy": "price-capacity-optimized",
        },
    }


CASES = [
    Case(
        "aws:autoscaling/group:Group",
        lambda w: {
            "minSize": 2,
            "maxSize": 4,
            "desiredCapacity": 2,
            "vpcZoneIdentifiers": w.subnets,
            "launchTemplate": {"id": w.template.id, "version": 1},
            "targetGroupArns": [w.targets()["arn"]],
            "healthCheckType": "ELB",
            "forceDelete": True,
            "tags": [{"key": "a", "value": "1", "propagateAtLaunch": True}],
        },
        lambda w: {
            "maxSize": 5,
            "desiredCapacity": 3,
            "healthCheckGracePeriod": 60,
            "targetGroupArns": [w.targets("2")["arn"]],
            "tags": [{"key": "b", "value": "2", "propagateAtLaunch": False}],
            "suspendedProcesses": ["AZRebalance"],
            "enabledMetrics": ["GroupInServiceInstances", "GroupMaxSize"],
            "metricsGranularity": "1Minute",
        },
        lambda _: {"name": "given"},
        ("arn", "availabilityZones"),
    ),
    Case(
        "aws:autoscaling/group:Group",
        lambda w: {
            "minSize": 1,
            "maxSize": 4,
            "vpcZoneIdentifiers": w.subnets,
            "mixedInstancesPolicy": mixed(w, "t4g.nano", "t4g.micro"),
            "forceDelete": True,
        },
        lambda w: {"mixedInstancesPolicy": mixed(w, "t4g.micro", "t4g.small")},
        lambda _: {"name": "given"},
        id="GroupOfMixedInstances",
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": TRACKING,
        },
        lambda _: {"targetTrackingConfiguration": {**TRACKING, "targetValue": 50.5}},
        lambda _: {"name": "given"},
        ("arn",),
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "policyType": "StepScaling",
            "adjustmentType": "ChangeInCapacity",
            "metricAggregationType": "Average",
            "stepAdjustments": [
                {"scalingAdjustment": 1, "metricIntervalLowerBound": "0"},
                {"scalingAdjustment": -1, "metricIntervalUpperBound": "0"},
            ],
        },
        lambda _: {
            "estimatedInstanceWarmup": 60,
            "stepAdjustments": [{"scalingAdjustment": 2, "metricIntervalLowerBound": "0"}],
        },
        lambda _: {"name": "given"},
        ("arn",),
        id="StepPolicy",
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "adjustmentType": "PercentChangeInCapacity",
            "scalingAdjustment": 10,
            "cooldown": 60,
            "minAdjustmentMagnitude": 2,
        },
        lambda _: {"scalingAdjustment": -10},
        outputs=("arn",),
        id="SimplePolicy",
    ),
    Case(
        "aws:autoscaling/policy:Policy",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": {
                "targetValue": 5.5,
                "disableScaleIn": True,
                "customizedMetricSpecification": {
                    "metrics": [
                        {
                            "id": "m1",
                            "returnData": False,
                            "metricStat": {
                                "metric": {
                                    "metricName": "m",
                                    "namespace": "n",
                                    "dimensions": [{"name": "a", "value": "b"}],
                                },
                                "stat": "Sum",
                                "period": 30,
                            },
                        },
                        {"id": "e1", "expression": "m1 / 2", "label": "half", "returnData": True},
                    ]
                },
            },
        },
        lambda _: {
            "targetTrackingConfiguration": {
                "targetValue": 5.5,
                "disableScaleIn": True,
                "customizedMetricSpecification": {
                    "metricName": "m",
                    "namespace": "n",
                    "statistic": "Sum",
                    "metricDimensions": [{"name": "a", "value": "b"}],
                },
            }
        },
        outputs=("arn",),
        id="PolicyOfOwnMetric",
    ),
    Case(
        "aws:autoscaling/schedule:Schedule",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "scheduledActionName": "morning",
            "recurrence": "0 9 * * MON-FRI",
            "timeZone": "Asia/Seoul",
            "minSize": 1,
            "maxSize": -1,
            "desiredCapacity": 2,
        },
        lambda _: {"desiredCapacity": -1},
        lambda _: {"scheduledActionName": "evening"},
        ("arn", "startTime"),
    ),
    Case(
        "aws:autoscaling/notification:Notification",
        lambda w: {
            "groupNames": [w.fleet],
            "notifications": ["autoscaling:EC2_INSTANCE_LAUNCH"],
            "topicArn": w.topic,
        },
        lambda _: {
            "notifications": [
                "autoscaling:EC2_INSTANCE_LAUNCH",
                "autoscaling:EC2_INSTANCE_TERMINATE",
            ]
        },
    ),
    Case(
        "aws:autoscaling/tag:Tag",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "tag": {"key": "a", "value": "1", "propagateAtLaunch": True},
        },
        lambda _: {"tag": {"key": "a", "value": "2", "propagateAtLaunch": False}},
    ),
    Case(
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "name": "drain",
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "notificationMetadata": "about",
        },
        lambda _: {"heartbeatTimeout": 60, "defaultResult": "CONTINUE"},
        lambda _: {"name": "other"},
    ),
    Case(
        "aws:autoscaling/attachment:Attachment",
        lambda w: {"autoscalingGroupName": w.fleet, "lbTargetGroupArn": w.targets()["arn"]},
        replace=lambda w: {"lbTargetGroupArn": w.targets("2")["arn"]},
    ),
    Case(
        "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment",
        lambda w: {
            "autoscalingGroupName": w.fleet,
            "trafficSource": {"identifier": w.targets()["arn"], "type": "elbv2"},
        },
        replace=lambda w: {"trafficSource": {"identifier": w.targets("2")["arn"], "type": "elbv2"}},
    ),
]
