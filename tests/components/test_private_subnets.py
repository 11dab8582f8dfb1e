"""Private subnets and their NAT gateways."""

from __future__ import annotations

import pytest

from components.private_subnets import PrivateSubnetsArgs
from tests.components.templates import REGION

ZONES = [f"{REGION}{letter}" for letter in "acd"]


def test_a_zone_without_a_public_subnet_is_rejected():
    with pytest.raises(ValueError, match=r"zone\(s\) b have no public subnet"):
        PrivateSubnetsArgs(
            vpc_id="v",
            blocks={"a": "10.0.0.0/28", "b": "10.0.0.16/28"},
            public_subnet_ids={"a": "s"},
            public_routes=(),
            tags={},
        )


def test_instances_live_in_private_subnets_one_per_zone(built):
    recording = built("nat")
    group = recording.one("aws:autoscaling/group:Group")
    subnets = [recording.resources[u] for u in group.property_dependencies["vpcZoneIdentifiers"]]
    assert sorted(subnet.inputs["availabilityZone"] for subnet in subnets) == ZONES
    assert all("-private-" in subnet.name for subnet in subnets)
    balancer = recording.one("aws:lb/loadBalancer:LoadBalancer")
    public = [recording.resources[u] for u in balancer.property_dependencies["subnets"]]
    assert all("-public-" in subnet.name for subnet in public)


def test_each_zone_is_routed_through_its_own_gateway(built):
    recording = built("nat")
    subnets = {s.name + "-id": s for s in recording.of("aws:ec2/subnet:Subnet")}
    gateways = {g.name + "-id": g for g in recording.of("aws:ec2/natGateway:NatGateway")}
    tables = {
        a.inputs["routeTableId"]: subnets[a.inputs["subnetId"]]
        for a in recording.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
        if "-private-" in a.name
    }
    ways = [r for r in recording.of("aws:ec2/route:Route") if "natGatewayId" in r.inputs]
    assert len(ways) == len(tables) == 3
    for route in ways:
        assert route.inputs["destinationCidrBlock"] == "0.0.0.0/0"
        gateway = gateways[route.inputs["natGatewayId"]]
        stands = subnets[gateway.inputs["subnetId"]]
        goes = tables[route.inputs["routeTableId"]]
        assert "-public-" in stands.name
        assert stands.inputs["availabilityZone"] == goes.inputs["availabilityZone"]
        assert gateway.inputs["allocationId"] == f"{gateway.name}-allocation"


def test_gateways_wait_for_the_route_to_the_internet(built):
    recording = built("nat")
    internet = next(r for r in recording.of("aws:ec2/route:Route") if "gatewayId" in r.inputs)
    for kind in ("aws:ec2/eip:Eip", "aws:ec2/natGateway:NatGateway"):
        assert all(internet.urn in r.dependencies for r in recording.of(kind))


def test_instances_wait_for_their_gateways_routes(built):
    recording = built("nat")
    group = recording.one("aws:autoscaling/group:Group")
    ways = [r for r in recording.of("aws:ec2/route:Route") if "natGatewayId" in r.inputs]
    assert {r.urn for r in ways} <= set(group.dependencies)
