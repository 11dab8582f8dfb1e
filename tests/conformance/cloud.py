"""The cloud that conformance tests ask: a local region, or AWS itself; through boto3 and HTTP only."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.config import Config

_Found = TypeVar("_Found")
PATIENCE = 20.0
"""Seconds that a computer may take for its own work, whatever the region's clock says."""
POLL = 0.1
ZONES = ("a", "b", "c")
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


class Cloud:
    """Clients of one cloud by service name, its clock, and what tests create in it.

    Attributes:
        region: The name of the AWS region.
        speed: How many times faster than AWS its waiting periods pass; 1 on AWS.
        is_aws: Whether this is AWS itself, where everything takes its time and costs money.
    """

    def __init__(
        self, region: str, speed: float, session: boto3.Session, endpoint: str | None
    ) -> None:
        self.region, self.speed, self.is_aws = region, speed, endpoint is None
        self._session, self._endpoint = session, endpoint
        self._clients: dict[str, Any] = {}
        self._clean_up: list[Callable[[], object]] = []
        self._numbers = itertools.count(1)

    def beside(self) -> Cloud:
        """Return the same cloud for things that live longer than one test."""
        return Cloud(self.region, self.speed, self._session, self._endpoint)

    def __getattr__(self, service: str) -> Any:
        if service.startswith("_"):
            raise AttributeError(service)
        return self.client(service)

    def client(self, service: str) -> Any:
        """Return the client of a service, such as `autoscaling` or `arc-zonal-shift`."""
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service,
                endpoint_url=self._endpoint,
                config=Config(retries={"max_attempts": 4 if self.is_aws else 0}),
            )
        return self._clients[service]

    def environment(self) -> dict[str, str]:
        """Return the variables that point other clients of AWS at this cloud."""
        found = self._session.get_credentials().get_frozen_credentials()
        token = {"AWS_SESSION_TOKEN": found.token} if found.token else {}
        endpoint = {"AWS_ENDPOINT_URL": self._endpoint} if self._endpoint else {}
        return {
            "AWS_ACCESS_KEY_ID": found.access_key,
            "AWS_SECRET_ACCESS_KEY": found.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_PAGER": "",
            **token,
            **endpoint,
        }

    def name(self, prefix: str) -> str:
        """Return a name that nothing else in this account has."""
        return f"{prefix}-{secrets.token_hex(3)}-{next(self._numbers)}"

    def seconds(self, period: float) -> float:
        """Convert a period of AWS into seconds of the computer's clock."""
        return period / self.speed

    def pause(self, period: float) -> None:
        """Let a period of AWS pass, in seconds of AWS."""
        time.sleep(self.seconds(period))

    def until(self, condition: Callable[[], _Found], within: float, what: str = "") -> _Found:
        """Wait for what a condition finds, at most `within` seconds of AWS, and return it."""
        deadline = time.monotonic() + self.seconds(within) + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"not within {within:g} s: {what or condition}"
            time.sleep(POLL if not self.is_aws else 2.0)
        return found

    def zone_id(self, name: str) -> str:
        """Return the id of an Availability Zone by its name."""
        zones = self.ec2.describe_availability_zones()["AvailabilityZones"]
        return next(zone["ZoneId"] for zone in zones if zone["ZoneName"] == name)

    def afterwards(self, call: Callable[..., object], **arguments: object) -> None:
        """Call this when the test has ended, the last one first; an error then is not a failure."""

        def clean_up() -> None:
            with contextlib.suppress(Exception):
                call(**arguments)

        self._clean_up.append(clean_up)

    def clean_up(self) -> None:
        """Remove what the test that has ended created."""
        while self._clean_up:
            self._clean_up.pop()()


class Network:
    """A VPC with a way to the internet, a public subnet in each of three zones, and an open group.

    Attributes:
        vpc: Its id.
        subnets: The ids of its subnets, one per zone.
        zones: Their names.
        group: A security group that admits everybody.
        image: The id of an image for arm64.
    """

    def __init__(self, cloud: Cloud, number: int = 40) -> None:
        ec2 = cloud.ec2
        self.cloud = cloud
        self.vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        self.zones = [cloud.region + zone for zone in ZONES]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self._gateway = gateway
        table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self._table = table
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.subnets: list[str] = []
        for place, zone in enumerate(self.zones):
            subnet = ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.{number}.{place}.0/24", AvailabilityZone=zone
            )["Subnet"]["SubnetId"]
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
            self.subnets.append(subnet)
        self.group = ec2.create_security_group(
            GroupName=cloud.name("open"), Description="conformance", VpcId=self.vpc
        )["GroupId"]
        ec2.authorize_security_group_ingress(
            GroupId=self.group,
            IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )
        self.image = cloud.ssm.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]

    def remove(self) -> None:
        """Remove it, once nothing is left in it."""
        ec2 = self.cloud.ec2
        for subnet in self.subnets:
            ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_route_table(RouteTableId=self._table)
        ec2.delete_security_group(GroupId=self.group)
        ec2.detach_internet_gateway(InternetGatewayId=self._gateway, VpcId=self.vpc)
        ec2.delete_internet_gateway(InternetGatewayId=self._gateway)
        ec2.delete_vpc(VpcId=self.vpc)
