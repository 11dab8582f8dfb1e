"""What Amazon VPC would refuse."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

GATEWAY = "aws:ec2/internetGateway:InternetGateway::web-network-gateway"

decides("vpc-parts-accepted", "vpc", "cidrBlock", absent=KEEPS, unknown=KEEPS)


@breaks("vpc-parts-accepted")
def subnets_that_overlap(stack):
    block = "10.20.250.0/24"
    for name in ("one-subnet", "other-subnet"):
        properties = {
            "vpcId": Ref("vpc"),
            "cidrBlock": block,
            "availabilityZone": "ap-northeast-2a",
        }
        stack.add(name, "aws:ec2/subnet:Subnet", properties)


@breaks("vpc-parts-accepted")
def gateway_attached_to_nothing(stack):
    stack.set(GATEWAY, "vpcId", ...)


@breaks("vpc-parts-accepted")
def nat_gateway_without_an_address(stack):
    stack.set("nat", "allocationId", ...)
