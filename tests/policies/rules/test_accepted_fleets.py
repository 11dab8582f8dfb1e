"""What Auto Scaling and Amazon EC2 refuse."""

from __future__ import annotations

import base64

from guardrails.values import UNKNOWN

from tests.policies.rules import test_launch_refusals
from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_not_refused",
    "test_it_is_refused",
]


SCHEDULE = "aws:autoscaling/schedule:Schedule"
POLICY = "aws:autoscaling/policy:Policy"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TARGETS = "aws:lb/targetGroup:TargetGroup"


def ebs(**changes):
    return alone(TEMPLATE, blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": changes}])


# A change and the one rule that it breaks.
BREAKS = [
    ("launch-template-accepted", lambda d: d.set("template", "instanceRequirements", {"vcpuCount": {}})),
    ("launch-template-accepted", lambda d: d.set("template", "blockDeviceMappings.0.ebs.throughput", 500.0)
        .set("template", "blockDeviceMappings.0.ebs.volumeType", "gp2")),
    ("asg-parts-accepted", lambda d: d.set("group", "metricsGranularity", "5Minutes")),
]  # fmt: skip

REFUSED = {
    "launch-template-accepted": [
        alone(TEMPLATE, userData="#!/bin/bash\necho hello"),
        alone(TEMPLATE, userData=base64.b64encode(b"#" * 20000).decode()),
        alone(TEMPLATE, networkInterfaces=[{"deviceIndex": 0.0}], vpcSecurityGroupIds=["sg-1"]),
        ebs(volumeType="io1"),
        ebs(volumeType="gp3", iops=1000.0),
        ebs(encrypted="false", kmsKeyId="arn:aws:kms:eu-west-1:123456789012:key/1"),
        alone(TEMPLATE, imageId="al2023"),
        alone(TEMPLATE, metadataOptions={"httpPutResponseHopLimit": 65.0}),
        alone(TEMPLATE, creditSpecification={"cpuCredits": "none"}),
        alone(TEMPLATE, name="x"),
    ],
    "asg-parts-accepted": [
        lambda d: d.set("group", "minSize", -1.0),
        lambda d: d.set("group", "healthCheckGracePeriod", -1.0),
        lambda d: d.set("group", "healthCheckType", "ALB"),
        lambda d: d.set("group", "mixedInstancesPolicy.instancesDistribution"
            ".onDemandPercentageAboveBaseCapacity", 120.0),
        alone(SCHEDULE, autoscalingGroupName="web", scheduledActionName="night"),
        alone(SCHEDULE, minSize=1.0, recurrence="0 0 * * * *"),
        alone(SCHEDULE, minSize=1.0, timeZone="Asia/Tokio"),
        lambda d: d.set("group", "waitForElbCapacity", 99.0),
        lambda d: d.set("group", "warmPool", {"poolState": "Hibernated"}),
        alone(POLICY, policyType="TargetTrackingScaling"),
        lambda d: d.set("group", "tags", [{"key": "Name", "value": "web"}]),
        lambda d: d.set("template", "instanceType", ...)
            .set("group", "mixedInstancesPolicy.launchTemplate.overrides", []),
        *test_launch_refusals.REFUSED["asg-parts-accepted"],
    ],
}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set(
        "template", "userData", base64.b64encode(b"#!/bin/bash\necho hello\n").decode()
    ),
    lambda d: d.set("template", "imageId", "resolve:ssm:/aws/service/ami-amazon-linux-latest/x"),
    lambda d: d.set("template", "imageId", UNKNOWN),
    lambda d: d.set("group", "desiredCapacity", UNKNOWN),
]

SOUND = {
    "launch-template-accepted": [
        ebs(volumeType="io2", iops=5000.0),
        ebs(volumeType="gp3", iops=4000.0, throughput=250.0),
        alone(TEMPLATE, networkInterfaces=[{"deviceIndex": 0.0, "securityGroups": ["sg-1"]}]),
    ],
    "asg-parts-accepted": [
        alone(SCHEDULE, minSize=-1.0, maxSize=-1.0, desiredCapacity=4.0, recurrence="0 6 * * *"),
        alone(POLICY, policyType="TargetTrackingScaling", targetTrackingConfiguration={
            "targetValue": 50.0, "predefinedMetricSpecification":
            {"predefinedMetricType": "ASGAverageCPUUtilization"}}),
        alone(POLICY, adjustmentType="ChangeInCapacity", scalingAdjustment=1.0),
        alone(GROUP, minSize=0.0, maxSize=1.0, availabilityZones=["eu-west-1a"]),
        alone(GROUP, minSize=2.0, maxSize=4.0, maxInstanceLifetime=604800.0,
              suspendedProcesses=["AZRebalance"], healthCheckType="EC2"),
        alone(TEMPLATE, name="base"),  # used by nothing
        lambda d: d.set("template", "instanceType", ...),  # the overrides have types
    ],
}  # fmt: skip
