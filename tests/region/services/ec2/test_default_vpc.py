"""The default VPC, which every account has: looked up, launched in, and what it takes to be reached."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from botocore.exceptions import ClientError

from region.loopback.addresses import loopback_of

ZONES = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c", "ap-northeast-2d"]


def default_of(aws):
    return aws.ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]


def only(vpc):
    return [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]


def test_it_is_as_on_aws(aws):
    (vpc,) = default_of(aws)
    assert vpc["CidrBlock"] == "172.31.0.0/16"
    subnets = aws.ec2.describe_subnets(Filters=only(vpc))["Subnets"]
    assert sorted(one["AvailabilityZone"] for one in subnets) == ZONES
    assert all(one["DefaultForAz"] and one["MapPublicIpOnLaunch"] for one in subnets)
    assert {ip_network(one["CidrBlock"]).prefixlen for one in subnets} == {20}
    (gateway,) = aws.ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
    )["InternetGateways"]
    (table,) = aws.ec2.describe_route_tables(Filters=only(vpc))["RouteTables"]
    ways = {one["DestinationCidrBlock"]: one["GatewayId"] for one in table["Routes"]}
    assert ways == {"172.31.0.0/16": "local", "0.0.0.0/0": gateway["InternetGatewayId"]}


def test_an_instance_without_a_subnet_is_in_it_and_public(aws, network):
    (vpc,) = default_of(aws)
    made = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        Placement={"AvailabilityZone": ZONES[2]},
    )["Instances"][0]
    assert made["VpcId"] == vpc["VpcId"]
    assert made["Placement"]["AvailabilityZone"] == ZONES[2]
    assert ip_address(made["PrivateIpAddress"]) in ip_network(vpc["CidrBlock"])
    assert made["PublicIpAddress"] == loopback_of(made["PrivateIpAddress"])
    (group,) = made["SecurityGroups"]
    assert group["GroupName"] == "default"
    interface = [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}]
    private = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=interface,
    )["Instances"][0]
    assert private["VpcId"] == vpc["VpcId"]
    assert "PublicIpAddress" not in private


def test_a_subnet_of_another_vpc_is_no_default_one(aws, network):
    (found,) = aws.ec2.describe_subnets(SubnetIds=network.subnets[:1])["Subnets"]
    assert not found["DefaultForAz"]


def test_without_it_a_subnet_must_be_named(aws, network):
    (vpc,) = default_of(aws)
    for subnet in aws.ec2.describe_subnets(Filters=only(vpc))["Subnets"]:
        aws.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    launch = {"ImageId": network.image, "InstanceType": "t4g.nano", "MinCount": 1, "MaxCount": 1}
    with pytest.raises(ClientError, match="No subnets found for the default VPC"):
        aws.ec2.run_instances(**launch)
    (again,) = [aws.ec2.create_default_subnet(AvailabilityZone=ZONES[1])["Subnet"]]
    assert again["DefaultForAz"]
    with pytest.raises(ClientError, match="No default subnet for availability zone"):
        aws.ec2.run_instances(**launch, Placement={"AvailabilityZone": ZONES[0]})
    aws.ec2.delete_subnet(SubnetId=again["SubnetId"])
    (gateway,) = aws.ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [vpc["VpcId"]]}]
    )["InternetGateways"]
    name = gateway["InternetGatewayId"]
    aws.ec2.detach_internet_gateway(InternetGatewayId=name, VpcId=vpc["VpcId"])
    aws.ec2.delete_vpc(VpcId=vpc["VpcId"])
    with pytest.raises(ClientError, match="No default VPC for this user"):
        aws.ec2.run_instances(**launch)
    assert aws.ec2.create_default_vpc()["Vpc"]["IsDefault"]


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.16.0.0/16", "192.168.0.0/20"])
def test_vpcs_with_the_blocks_that_people_write(aws, network, cidr):
    vpc = aws.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr.replace("/16", "/24"))["Subnet"]
    made = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": subnet["SubnetId"], "AssociatePublicIpAddress": True}
        ],
    )["Instances"][0]
    assert ip_address(made["PrivateIpAddress"]) in ip_network(cidr)
    assert made["PublicIpAddress"] == loopback_of(made["PrivateIpAddress"])
