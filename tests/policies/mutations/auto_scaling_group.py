"""What breaks the rules about the Auto Scaling group."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("asg-multi-az", "group", "vpcZoneIdentifiers", absent=BREAKS, unknown=BREAKS)
decides("asg-elb-health-check", "group", "healthCheckType", absent=BREAKS, unknown=BREAKS)
decides("asg-launch-template", "group", "mixedInstancesPolicy", absent=BREAKS, unknown=KEEPS)
decides("asg-behind-listener", "group", "targetGroupArns", absent=BREAKS, unknown=KEEPS)

_OTHER_ROUTES = "aws:ec2/routeTable:RouteTable::web-network-private-ap-northeast-2c"


@breaks("asg-multi-az")
def no_auto_scaling_group(stack):
    stack.drop("group")
    stack.set("deployment-group", "autoscalingGroups", ...)


@breaks("asg-multi-az")
def one_subnet(stack):
    stack.set("group", "vpcZoneIdentifiers", [Ref("subnet-a")])


@breaks("asg-multi-az")
def two_subnets_in_one_zone(stack):
    stack.add(
        "twin",
        "aws:ec2/subnet:Subnet",
        {
            "vpcId": Ref("vpc"),
            "cidrBlock": "10.20.248.0/24",
            "availabilityZone": "ap-northeast-2a",
            "mapPublicIpOnLaunch": False,
        },
    )
    stack.add(
        "twin-routes",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": Ref("twin"), "routeTableId": Ref(_OTHER_ROUTES)},
    )
    stack.set("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("twin")])


@breaks("asg-multi-az")
def unknown_list_of_one_out_of_two_subnets(stack):
    stack.set("group", "vpcZoneIdentifiers", [UNKNOWN])


@breaks("asg-multi-az")
def one_zone_by_name(stack):
    stack.set("group", "vpcZoneIdentifiers", ...)
    stack.set("group", "availabilityZones", ["ap-northeast-2a"])


@breaks("asg-elb-health-check")
def ec2_health_check(stack):
    stack.set("group", "healthCheckType", "EC2")


@breaks("asg-elb-health-check")
def health_check_left_to_the_default(stack):
    stack.set("group", "healthCheckType", ...)


@breaks("asg-launch-template")
def launch_configuration(stack):
    stack.set("group", "mixedInstancesPolicy", ...)
    stack.set("group", "launchConfiguration", "old")


@breaks("asg-behind-listener")
def group_not_attached(stack):
    stack.set("group", "targetGroupArns", ...)


@breaks("asg-behind-listener")
def listener_answers_by_itself(stack):
    response = {"contentType": "text/plain", "statusCode": "200"}
    stack.set("https", "defaultActions", [{"type": "fixed-response", "fixedResponse": response}])


@breaks("asg-behind-listener")
def no_listener(stack):
    stack.drop("https", "http")
