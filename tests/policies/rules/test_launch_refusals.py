"""What Auto Scaling and Amazon EC2 refuse when they launch."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "asg-parts-accepted"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
OVERRIDES = "mixedInstancesPolicy.launchTemplate.overrides"
PREFERENCES = {"minHealthyPercentage": 100.0, "maxHealthyPercentage": 100.0}


def types(*kinds):
    return lambda d: d.set("group", OVERRIDES, [{"instanceType": kind} for kind in kinds])


def interface(**properties):
    given = {"deviceIndex": 0.0, "securityGroups": [Ref("instances-group")], **properties}
    return lambda d: d.set("template", "vpcSecurityGroupIds", ...).set(
        "template", "networkInterfaces", [given]
    )


def refresh(**preferences):
    return lambda d: d.set(
        "group", "instanceRefresh", {"strategy": "Rolling", "preferences": preferences}
    )


REFUSED = {
    RULE: [
        types("t4g.micro", "t3.micro"),
        types("m7gd.large", "c7i.large"),
        interface(subnetId="subnet-1"),
        interface(privateIpAddress="10.20.1.9"),
        interface(networkInterfaceId="eni-1"),
        lambda d: d.set("template", "iamInstanceProfile", {"name": Ref("role", "name")}),
        lambda d: d.set("template", "iamInstanceProfile", {"arn": Ref("role", "arn")}),
        lambda d: d.set("group", "terminationPolicies", ["OldestFirst"]),
        refresh(**PREFERENCES),
        refresh(instanceWarmup="60s"),
        lambda d: d.set("group", "waitForCapacityTimeout", "600"),
        lambda d: d.set("target-group", "ipAddressType", "ipv6"),
    ]
}

SOUND = {
    RULE: [
        refresh(instanceWarmup="60"),
        lambda d: d.set("group", "waitForCapacityTimeout", "1h10m"),
        types("t4g.micro", "m7g.large", "c6gn.large", "r8g.xlarge", "im4gn.large"),
        types("t3.micro", "m7i-flex.large", "g5.xlarge", "g4dn.xlarge", "p4d.24xlarge"),
        lambda d: d.set(
            "group",
            OVERRIDES,
            [
                {"instanceType": "t4g.micro"},
                {"instanceType": "t3.micro", "launchTemplateSpecification": {"version": "1"}},
            ],
        ),
        interface(),
        lambda d: d.set("template", "iamInstanceProfile", {"name": "platform"}),
        lambda d: d.set("group", "terminationPolicies", ["OldestLaunchTemplate", "OldestInstance"]),
        lambda d: d.set("group", "terminationPolicies", UNKNOWN),
        refresh(minHealthyPercentage=100.0, maxHealthyPercentage=150.0),
        refresh(minHealthyPercentage=90.0, maxHealthyPercentage=100.0),
    ]
}
