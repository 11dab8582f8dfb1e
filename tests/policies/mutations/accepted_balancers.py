"""What Elastic Load Balancing would refuse about load balancers, listeners and rules."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

PUBLIC_ROUTES = "public-routes"

decides("elbv2-accepted", "https", "certificateArn", absent=BREAKS, unknown=KEEPS)


@breaks("elbv2-accepted")
def https_without_certificate(stack):
    stack.set("https", "certificateArn", ...)


@breaks("elbv2-accepted")
def two_balancer_subnets_in_one_zone(stack):
    stack.add(
        "public-again",
        "aws:ec2/subnet:Subnet",
        {
            "vpcId": Ref("vpc"),
            "cidrBlock": "10.20.32.0/20",
            "availabilityZone": "ap-northeast-2a",
            "mapPublicIpOnLaunch": False,
        },
    )
    stack.add(
        "public-again-routes",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": Ref("public-again"), "routeTableId": Ref(PUBLIC_ROUTES)},
    )
    stack.set("load-balancer", "subnets", [Ref("public-a"), Ref("public-b"), Ref("public-again")])


@breaks("elbv2-accepted")
def listener_of_a_protocol_that_is_not_http(stack):
    stack.set("http", "protocol", "TCP")


@breaks("elbv2-accepted")
def two_rules_with_one_priority(stack):
    for name, path in (("first-rule", "/api/*"), ("second-rule", "/static/*")):
        stack.add(
            name,
            "aws:lb/listenerRule:ListenerRule",
            {
                "listenerArn": Ref("https", "arn"),
                "priority": 10,
                "conditions": [{"pathPattern": {"values": [path]}}],
                "actions": [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}],
            },
        )
