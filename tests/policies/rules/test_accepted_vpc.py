"""What Amazon VPC refuses."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.rules.cases import (
    alone,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

VPC, SUBNET, ROUTE = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/route:Route"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"


def subnet(block, vpc="vpc", **more):
    properties = {"cidrBlock": block, "availabilityZone": "ap-northeast-2a", **more}
    return lambda draft: draft.add("further", SUBNET, {"vpcId": Ref(vpc), **properties})


def network(block):
    """Another VPC and a subnet in it."""

    def change(draft):
        draft.add("other-vpc", VPC, {"cidrBlock": "10.99.0.0/16"})
        subnet(block, "other-vpc")(draft)

    return change


def wider(draft):
    """A range that is added to the VPC."""
    draft.add(
        "range",
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
        {"vpcId": Ref("vpc"), "cidrBlock": "100.64.0.0/16"},
    )
    subnet("100.64.1.0/24")(draft)


def route(destination, gateway):
    """A route of the public table to a gateway."""
    properties = {
        "routeTableId": Ref("public-routes"),
        "destinationCidrBlock": destination,
        "gatewayId": Ref(gateway),
    }
    return lambda draft: draft.add("further", ROUTE, properties)


def through(**properties):
    """A route to a new internet gateway."""

    def change(draft):
        draft.add("other-vpc", VPC, {"cidrBlock": "10.99.0.0/16"})
        draft.add("other-gateway", GATEWAY, properties)
        route("203.0.113.0/24", "other-gateway")(draft)

    return change


def attached_apart(draft):
    draft.add("other-gateway", GATEWAY, {})
    draft.add(
        "attachment",
        "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
        {"vpcId": Ref("vpc"), "internetGatewayId": Ref("other-gateway")},
    )
    route("203.0.113.0/24", "other-gateway")(draft)


def two_gateways(draft):
    draft.add("address", "aws:ec2/eip:Eip", {})
    for name in ("nat-one", "nat-two"):
        given = {"subnetId": Ref("public-a"), "allocationId": Ref("address")}
        draft.add(name, NAT, given)


def two_networks(draft):
    """A load balancer between two VPCs."""
    draft.add("other-vpc", VPC, {"cidrBlock": "10.99.0.0/16"})
    place = {"availabilityZone": "ap-northeast-2c", "mapPublicIpOnLaunch": False}
    block = {"vpcId": Ref("other-vpc"), "cidrBlock": "10.99.1.0/24"}
    draft.add("far-subnet", SUBNET, {**block, **place})
    draft.set("load-balancer", "subnets", [Ref("public-a"), Ref("public-b"), Ref("far-subnet")])


def peered(block):
    def change(draft):
        draft.add("other-vpc", VPC, {"cidrBlock": block})
        both = {"vpcId": Ref("vpc"), "peerVpcId": Ref("other-vpc")}
        draft.add("peering", "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", both)

    return change


def in_zone(zone):
    given = {"vpcId": Ref("vpc"), "cidrBlock": "10.20.250.0/24", "availabilityZone": zone}
    return lambda draft: draft.add("far-subnet", SUBNET, given)


def associated_again(draft):
    draft.add(
        "again",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": Ref("public-a"), "routeTableId": Ref("private-routes")},
    )


BREAKS: list[tuple[str, object]] = []  # the mutations break it

REFUSED = {
    "vpc-parts-accepted": [
        alone(VPC, cidrBlock="10.0.0.0/8"),
        alone(VPC, cidrBlock="10.0.0.0/29"),
        subnet("192.168.0.0/24"),
        network("10.20.0.0/24"),
        through(),
        through(vpcId=Ref("other-vpc")),
        alone(NAT, subnetId="subnet-1"),
        two_gateways,
        associated_again,
        two_networks,
        peered("10.20.128.0/17"),
        in_zone("us-east-1a"),
        route("0.0.0.0/0", "aws:ec2/internetGateway:InternetGateway::web-network-gateway"),
    ]
}

SOUND = {
    "vpc-parts-accepted": [
        alone(VPC, cidrBlock="10.0.0.0/28"),
        alone(VPC, ipv4IpamPoolId="ipam-1"),
        network("10.99.1.0/24"),
        subnet(UNKNOWN),
        wider,
        peered("10.99.0.0/16"),
        in_zone("ap-northeast-2d"),
        attached_apart,
        alone(NAT, subnetId="subnet-1", connectivityType="private"),
        alone(NAT, vpcId="vpc-1", availabilityMode="regional"),
        route("203.0.113.0/24", "aws:ec2/internetGateway:InternetGateway::web-network-gateway"),
    ]
}
