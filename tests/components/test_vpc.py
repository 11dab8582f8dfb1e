"""The VPC and its subnets."""

from __future__ import annotations

import pytest

from components.vpc import VpcArgs
from tests.components.templates import REGION


def test_one_zone_is_rejected():
    with pytest.raises(ValueError, match="at least 2"):
        VpcArgs(cidr="10.0.0.0/16", zones=("a",), region="r", tags={})


def test_the_zones_are_those_that_offer_the_type(ha):
    zones = {subnet.inputs["availabilityZone"] for subnet in ha.of("aws:ec2/subnet:Subnet")}
    assert zones == {f"{REGION}a", f"{REGION}c", f"{REGION}d"}


def test_the_databases_subnets_have_no_route_out(either):
    group = either.one("aws:rds/subnetGroup:SubnetGroup")
    isolated = set(group.inputs["subnetIds"])
    associations = either.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
    tables = {a.inputs["routeTableId"] for a in associations if a.inputs["subnetId"] in isolated}
    routed = {route.inputs["routeTableId"] for route in either.of("aws:ec2/route:Route")}
    assert len(isolated) >= 2
    assert tables
    assert not tables & routed


def test_no_subnet_assigns_public_addresses_if_instances_are_private(built):
    for subnet in built("nat").of("aws:ec2/subnet:Subnet"):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False


def test_s3_is_reached_without_nat_gateways(built):
    recording = built("nat")
    tables = set(recording.one("aws:ec2/vpcEndpoint:VpcEndpoint").inputs["routeTableIds"])
    routed = {r.inputs["routeTableId"] for r in recording.of("aws:ec2/route:Route")}
    assert tables == routed
    assert len(tables) == 4


def test_private_subnets_move_no_other_subnet(built, ha):
    def blocks(recording):
        return {s.name: s.inputs["cidrBlock"] for s in recording.of("aws:ec2/subnet:Subnet")}

    assert blocks(ha).items() <= blocks(built("nat")).items()
