"""NAT gateways hold an address of their subnet and an Elastic IP, and give both back."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def subnet(aws, network):
    made = aws.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.20.9.0/28")
    return made["Subnet"]["SubnetId"]


def allocate(aws):
    return aws.ec2.allocate_address(Domain="vpc")["AllocationId"]


def create(aws, subnet, allocation):
    made = aws.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)
    return made["NatGateway"]["NatGatewayId"]


def look(aws, gateway):
    (found,) = aws.ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    return found


def test_a_gateway_takes_an_address_of_its_subnet(aws, subnet):
    found = look(aws, create(aws, subnet, allocate(aws)))
    (address,) = found["NatGatewayAddresses"]
    assert ip_address(address["PrivateIp"]) in ip_network("10.20.9.0/28")
    assert address["PublicIp"]


def test_a_deleted_gateway_releases_everything(aws, subnet):
    allocation = allocate(aws)
    # More gateways than the subnet has addresses: each must free its own.
    for _ in range(12):
        gateway = create(aws, subnet, allocation)
        aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
        assert look(aws, gateway)["State"] == "deleted"
    assert not aws.ec2.describe_network_interfaces(
        Filters=[{"Name": "subnet-id", "Values": [subnet]}]
    )["NetworkInterfaces"]
    (address,) = aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert not address.get("AssociationId")
    aws.ec2.release_address(AllocationId=allocation)


def test_an_address_in_use_is_not_released(aws, subnet):
    allocation = allocate(aws)
    gateway = create(aws, subnet, allocation)
    with pytest.raises(ClientError, match=r"InvalidIPAddress\.InUse"):
        aws.ec2.release_address(AllocationId=allocation)
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    aws.ec2.release_address(AllocationId=allocation)


def test_an_unknown_gateway_is_reported(aws):
    with pytest.raises(ClientError, match="NatGatewayNotFound"):
        aws.ec2.delete_nat_gateway(NatGatewayId="nat-00000000")


def test_a_gateway_survives_a_restart_of_the_region(make_plane, clients_of, network_of):
    first = make_plane()
    aws = clients_of(first.endpoint)
    allocation = allocate(aws)
    gateway = create(aws, network_of(aws).subnets[0], allocation)
    before = look(aws, gateway)
    first.stop()
    again = clients_of(make_plane().endpoint)
    assert look(again, gateway) == before
    again.ec2.delete_nat_gateway(NatGatewayId=gateway)
    again.ec2.release_address(AllocationId=allocation)
