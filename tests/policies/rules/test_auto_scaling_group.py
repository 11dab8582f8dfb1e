"""Auto Scaling groups: zones, health checks, launch template, target group."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def one_group_per_zone(draft):
    """Two groups behind the same target group, each in a zone of its own."""
    draft.twin("group", "second")
    draft.link("group", "vpcZoneIdentifiers", "subnet-a").set(
        "group", "vpcZoneIdentifiers", [UNKNOWN]
    )
    draft.link("second", "vpcZoneIdentifiers", "subnet-b")
    draft.set("second", "vpcZoneIdentifiers", [UNKNOWN]).set("second", "minSize", 1.0)
    draft.set("group", "minSize", 1.0)
    # A minimum of the stack's own would leave none of one instance to deploy to.
    draft.set("deployment-group", "deploymentConfigName", "CodeDeployDefault.HalfAtATime")
    return draft.link("deployment-group", "autoscalingGroups", "group", "second").set(
        "deployment-group", "autoscalingGroups", [UNKNOWN, UNKNOWN]
    )


# A change and the one rule that it breaks.
BREAKS = [
    ("asg-multi-az", lambda d: d.drop("group").set("deployment-group", "autoscalingGroups", [])),
    ("asg-multi-az", lambda d: d
        .add("subnet-c", "aws:ec2/subnet:Subnet", {"id": UNKNOWN, "availabilityZone": "ap-northeast-2a"})
        .link("group", "vpcZoneIdentifiers", "subnet-a", "subnet-c")),
    ("asg-multi-az", lambda d: d.set("group", "vpcZoneIdentifiers", [UNKNOWN])),
    ("asg-multi-az", lambda d: d.set("group", "vpcZoneIdentifiers", UNKNOWN)),
    ("asg-multi-az", lambda d: d.set("group", "vpcZoneIdentifiers", ...)),
    ("asg-multi-az", lambda d: d.set("group", "vpcZoneIdentifiers", [])),
    ("asg-multi-az", lambda d: d.link("group", "vpcZoneIdentifiers", "subnet-a")),
    ("asg-multi-az", lambda d: d.link("group", "vpcZoneIdentifiers")),
    ("asg-elb-health-check", lambda d: d.set("group", "healthCheckType", "EC2")),
    ("asg-elb-health-check", lambda d: d.set("group", "healthCheckType", ...)),
    ("asg-elb-health-check", lambda d: d.set("group", "healthCheckType", UNKNOWN)),
    ("asg-launch-template", lambda d: d.set("group", "mixedInstancesPolicy", ...)),
    ("asg-launch-template", lambda d: d.set("group", "mixedInstancesPolicy", UNKNOWN)
        .link("group", "mixedInstancesPolicy")),
    ("asg-behind-listener", lambda d: d.set("group", "targetGroupArns", ...)),
    ("asg-behind-listener", lambda d: d.leave_out("group", "targetGroupArns")),
    ("asg-behind-listener", lambda d: d.drop("https", "http")),
    ("asg-behind-listener", lambda d: d.set("https", "defaultActions.0.type", "redirect")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.leave_out("group", "vpcZoneIdentifiers")
        .set("group", "availabilityZones", ["a", "b", "c"]),
    lambda d: d.add("workers", "aws:autoscaling/group:Group",
        {"minSize": 1, "maxSize": 3, "vpcZoneIdentifiers": [UNKNOWN], "mixedInstancesPolicy": {
            "launchTemplate": {"launchTemplateSpecification": {"version": UNKNOWN},
            "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "m7g.xlarge"}]}}},
        {"vpcZoneIdentifiers": ["subnet-a"], "mixedInstancesPolicy": ["template"]}),
    one_group_per_zone,
    lambda d: d.set("subnet-a", "availabilityZone", ...)
        .set("subnet-b", "availabilityZone", UNKNOWN)
        .set("subnet-a", "availabilityZoneId", "az1").set("subnet-b", "availabilityZoneId", "az2"),
    lambda d: d.set("subnet-a", "id", "subnet-1").set("subnet-b", "id", "subnet-2")
        .set("group", "vpcZoneIdentifiers", ["subnet-1", "subnet-2"]).link("group", "vpcZoneIdentifiers"),
    lambda d: d.set("group", "vpcZoneIdentifiers", ...)
        .set("group", "availabilityZones", ["a", "b"]),
    lambda d: d.set("group", "launchTemplate", UNKNOWN).link("group", "launchTemplate", "template"),
    lambda d: d.set("group", "targetGroupArns", UNKNOWN).link("group", "targetGroupArns")
        .add("join", "aws:autoscaling/attachment:Attachment",
             {"autoscalingGroupName": UNKNOWN, "lbTargetGroupArn": UNKNOWN},
             {"autoscalingGroupName": ["group"], "lbTargetGroupArn": ["target-group"]}),
    lambda d: d.set("https", "defaultActions", UNKNOWN),
    lambda d: d.set("https", "defaultActions", [{"type": "forward",
        "forward": {"targetGroups": [{"arn": UNKNOWN}]}}]),
    lambda d: d.set("https", "defaultActions", [{"type": "redirect"}])
        .add("path", "aws:lb/listenerRule:ListenerRule",
             {"listenerArn": UNKNOWN, "conditions": [{"pathPattern": {"values": ["/*"]}}],
              "actions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
             {"listenerArn": ["https"], "actions": ["target-group"]}),
]  # fmt: skip


def test_the_zones_of_subnets_of_another_stack_are_not_decidable():
    draft = Draft().set("group", "vpcZoneIdentifiers", ["subnet-0a", "subnet-0b"])
    (found,) = violations(draft, "asg-multi-az")
    assert found.undecided
    assert "subnetZones" in found.remedy
    zones = {"subnet-0a": "ap-northeast-2a", "subnet-0b": "ap-northeast-2c"}
    assert not violations(draft, "asg-multi-az", subnetZones=zones)
