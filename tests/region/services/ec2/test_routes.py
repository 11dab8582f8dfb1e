"""Which subnets lead to the internet, through the API."""

from __future__ import annotations

from typing import Any

import pytest

from region.services.ec2.routes import is_public

EVERYWHERE = "0.0.0.0/0"


class Network:
    """A VPC with one subnet and an internet gateway, not attached yet."""

    def __init__(self, plane: Any, aws: Any) -> None:
        self.plane, self.ec2 = plane, aws.ec2
        self.vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.9.1.0/24")
        self.subnet = made["Subnet"]["SubnetId"]
        made = self.ec2.create_internet_gateway()
        self.gateway = made["InternetGateway"]["InternetGatewayId"]
        query = [{"Name": "vpc-id", "Values": [self.vpc]}]
        (main,) = self.ec2.describe_route_tables(Filters=query)["RouteTables"]
        self.main = main["RouteTableId"]

    def attach(self) -> None:
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)

    def table(self) -> str:
        """A table of the subnet's own."""
        found = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=found, SubnetId=self.subnet)
        return found

    def route(self, table: str, to: str = EVERYWHERE) -> None:
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=to, GatewayId=self.gateway)

    def public(self) -> bool:
        with self.plane.lock:
            backend = self.plane.backend("ec2")
            return is_public(backend, backend.get_subnet(self.subnet))


@pytest.fixture
def network(plane: Any, aws: Any) -> Network:
    return Network(plane, aws)


def test_without_a_route_nobody_outside_is_answered(network: Network):
    network.attach()
    assert not network.public()


def test_the_main_table_counts_where_a_subnet_has_none_of_its_own(network: Network):
    network.attach()
    network.route(network.main)
    assert network.public()
    own = network.table()
    assert not network.public()
    network.route(own)
    assert network.public()
    network.ec2.delete_route(RouteTableId=own, DestinationCidrBlock=EVERYWHERE)
    assert not network.public()


@pytest.mark.parametrize(("to", "public"), [("203.0.113.0/24", True), ("192.168.0.0/16", False)])
def test_a_route_to_private_addresses_leads_to_nobody(network: Network, to: str, *, public: bool):
    network.attach()
    network.route(network.table(), to)
    assert network.public() is public


def test_a_gateway_that_is_detached_leads_nowhere(network: Network):
    network.attach()
    network.route(network.main)
    network.ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    assert not network.public()


def test_a_nat_gateway_lets_nobody_in(network: Network):
    network.attach()
    address = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = network.ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=address)
    network.ec2.create_route(
        RouteTableId=network.main,
        DestinationCidrBlock=EVERYWHERE,
        NatGatewayId=nat["NatGateway"]["NatGatewayId"],
    )
    assert not network.public()
