"""What breaks the rules about what is left of a fleet."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

decides("asg-survives-zone-loss", "group", "minSize", absent=BREAKS, unknown=BREAKS)
decides("asg-instance-per-zone", "group", "minSize", absent=KEEPS, unknown=KEEPS)
decides("asg-schedule-keeps-capacity", "group", "minSize", absent=KEEPS, unknown=KEEPS)


def _least(stack, size):
    """Let the group shrink to so many, and deploy in a way that is possible with one as well.

    Whether an alarm is in time for that is not known.
    """
    stack.set("group", "minSize", size)
    stack.set("alarm", "period", UNKNOWN)
    stack.set("deployment-group", "deploymentConfigName", "CodeDeployDefault.HalfAtATime")


def _sizes(stack, least, wanted, most):
    _least(stack, least)
    stack.set("group", "desiredCapacity", wanted)
    stack.set("group", "maxSize", most)


@breaks("asg-survives-zone-loss")
def all_sizes_one(stack):
    _sizes(stack, 1, 1, 2)


@breaks("asg-survives-zone-loss")
def nothing_at_least(stack):
    _sizes(stack, 0, 6, 9)


@breaks("asg-survives-zone-loss")
def one_of_six_at_least(stack):
    _least(stack, 1)


@breaks("asg-survives-zone-loss")
def four_instances_of_weight_four(stack):
    overrides = [
        {"instanceType": "t4g.nano", "weightedCapacity": "4"},
        {"instanceType": "t4g.micro", "weightedCapacity": "4"},
    ]
    stack.set("group", "mixedInstancesPolicy.launchTemplate.overrides", overrides)
    stack.set("group", "minSize", 4)


def _third_zone(stack):
    stack.add(
        "subnet-c",
        "aws:ec2/subnet:Subnet",
        {
            "vpcId": Ref("vpc"),
            "cidrBlock": "10.20.248.0/24",
            "availabilityZone": "ap-northeast-2b",
            "mapPublicIpOnLaunch": False,
        },
    )
    stack.add(
        "route-c",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": Ref("subnet-c"), "routeTableId": Ref("private-routes")},
    )
    stack.add(
        "public-c",
        "aws:ec2/subnet:Subnet",
        {
            "vpcId": Ref("vpc"),
            "cidrBlock": "10.20.40.0/21",
            "availabilityZone": "ap-northeast-2b",
            "mapPublicIpOnLaunch": False,
        },
    )
    stack.add(
        "public-route-c",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": Ref("public-c"), "routeTableId": Ref("public-routes")},
    )
    public = [Ref("public-a"), Ref("public-b"), Ref("public-c")]
    stack.set("load-balancer", "subnets", public)
    subnets = [Ref("subnet-a"), Ref("subnet-b"), Ref("subnet-c")]
    stack.set("group", "vpcZoneIdentifiers", subnets)


@breaks("asg-instance-per-zone", ADVISORY)
def two_instances_in_three_zones(stack):
    _third_zone(stack)
    stack.set("group", "minSize", 2)


def _schedule(stack, **sizes):
    properties = {"autoscalingGroupName": Ref("group", "name"), "recurrence": "0 20 * * *"}
    stack.add("night", "aws:autoscaling/schedule:Schedule", {**properties, **sizes})


@breaks("asg-schedule-keeps-capacity")
def nothing_at_night(stack):
    _schedule(stack, minSize=0, maxSize=0, desiredCapacity=0)


@breaks("asg-schedule-keeps-capacity")
def one_instance_at_night(stack):
    _schedule(stack, minSize=1, maxSize=9, desiredCapacity=1)


@breaks("asg-schedule-keeps-capacity")
def a_schedule_that_leaves_the_minimum_out(stack):
    _schedule(stack, maxSize=9, desiredCapacity=6)
