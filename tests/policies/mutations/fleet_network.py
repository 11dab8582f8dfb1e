"""What breaks the rules about the network of the fleet."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("elbv2-covers-fleet-zones", "load-balancer", "subnets", absent=KEEPS, unknown=KEEPS)
decides(
    "elbv2-no-empty-zone",
    "target-group",
    "loadBalancingCrossZoneEnabled",
    absent=KEEPS,
    unknown=KEEPS,
)
decides("asg-reaches-codedeploy", "group", "vpcZoneIdentifiers", absent=KEEPS, unknown=KEEPS)
decides(
    "database-reachable", "to-database", "referencedSecurityGroupId", absent=BREAKS, unknown=KEEPS
)


def third_subnet(stack, name, routes, cidr):
    """Add a subnet in a third zone, with a route table of the program."""
    properties = {
        "vpcId": Ref("vpc"),
        "cidrBlock": cidr,
        "availabilityZone": "ap-northeast-2b",
        "mapPublicIpOnLaunch": False,
    }
    stack.add(name, "aws:ec2/subnet:Subnet", properties)
    stack.add(
        f"{name}-routes",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"subnetId": Ref(name), "routeTableId": Ref(routes)},
    )


@breaks("elbv2-covers-fleet-zones")
def fleet_in_a_zone_without_load_balancer(stack):
    third_subnet(stack, "third", "private-routes", "10.20.200.0/21")
    stack.set("group", "vpcZoneIdentifiers", [Ref("subnet-a"), Ref("subnet-b"), Ref("third")])


@breaks("elbv2-covers-fleet-zones")
def load_balancer_in_other_zones(stack):
    third_subnet(stack, "third", "public-routes", "10.20.200.0/21")
    stack.set("load-balancer", "subnets", [Ref("public-a"), Ref("third")])


@breaks("elbv2-no-empty-zone")
def a_zone_without_instances(stack):
    third_subnet(stack, "third", "public-routes", "10.20.200.0/21")
    stack.set("load-balancer", "subnets", [Ref("public-a"), Ref("public-b"), Ref("third")])
    stack.set("target-group", "loadBalancingCrossZoneEnabled", "false")


@breaks("asg-reaches-codedeploy")
def private_subnet_without_a_default_route(stack):
    stack.drop("private-route")


@breaks("asg-reaches-codedeploy")
def public_subnets_without_public_addresses(stack):
    stack.set("group", "vpcZoneIdentifiers", [Ref("public-a"), Ref("public-b")])


@breaks("asg-reaches-codedeploy")
def instances_are_not_let_out(stack):
    stack.drop("to-https")


@breaks("asg-reaches-codedeploy")
def nat_gateway_in_a_private_subnet(stack):
    stack.set("nat", "subnetId", Ref("subnet-b"))


@breaks("database-reachable")
def instances_are_not_let_out_to_the_database(stack):
    stack.drop("to-database")


@breaks("database-reachable")
def database_admits_the_wrong_port(stack):
    stack.set("from-instances", "fromPort", 3306)
    stack.set("from-instances", "toPort", 3306)


@breaks("database-reachable")
def database_admits_the_load_balancer(stack):
    stack.set("from-instances", "referencedSecurityGroupId", Ref("security-group"))


ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
CODEDEPLOY = "com.amazonaws.ap-northeast-2.codedeploy-commands-secure"


def codedeploy_endpoint(stack, **more):
    """Add an endpoint to which the name of CodeDeploy's commands leads."""
    stack.add("endpoint-group", "aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref("vpc")})
    properties = {
        "vpcId": Ref("vpc"),
        "serviceName": CODEDEPLOY,
        "vpcEndpointType": "Interface",
        "subnetIds": [Ref("subnet-a"), Ref("subnet-b")],
        "securityGroupIds": [Ref("endpoint-group")],
        "privateDnsEnabled": True,
        **more,
    }
    stack.add("commands", ENDPOINT, properties)


@breaks("asg-reaches-codedeploy")
def endpoint_behind_a_closed_door(stack):
    """With private DNS the agent asks the endpoint, although there is a NAT gateway."""
    codedeploy_endpoint(stack)
