"""VPC, subnets and routes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.cidr import ZoneBlocks, plan_subnets
from components.tags import Tags, named

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`cidr` is the VPC's block, `zones` the Availability Zones' names, `region` their Region."""

    cidr: str
    zones: tuple[str, ...]
    region: str
    tags: Tags

    def __post_init__(self) -> None:
        """Refuses what would end in half a network."""
        if len(self.zones) < 2:
            raise ValueError(
                f"a network over {len(self.zones)} zone(s) cannot hold a load balancer or a DB "
                "subnet group; give it at least 2"
            )
        plan_subnets(self.cidr, self.zones)


class Network(Component):
    """A VPC with a public and an isolated subnet per zone.

    Instances live in the public subnets and their security group lets in only what it must, which
    saves the NAT gateways (32.85 USD a month each in us-east-1, more than all else of a small
    stack). The isolated subnets, for the database, have no route out of the VPC.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: dict[str, pulumi.Output[str]]
    isolated_subnet_ids: dict[str, pulumi.Output[str]]
    routes: tuple[pulumi.Resource, ...]
    """Instances depend on these: user data needs the way to the internet at once."""

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__(
            "network:Network", name, {"cidr": args.cidr, "zones": list(args.zones)}, opts
        )
        self._name = name
        self._tags = args.tags
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=named(args.tags, name),
            opts=self.child(),
        )
        self.vpc_id = vpc.id
        public_table, default_route = self._public_routing()
        isolated_table = self._route_table("isolated")
        endpoint = aws.ec2.VpcEndpoint(
            f"{name}-s3",
            # A gateway endpoint is free; revisions and packages take it (VPC guide, "Gateway
            # endpoints for Amazon S3").
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[public_table.id],
            tags=named(args.tags, f"{name}-s3"),
            opts=self.child(),
        )
        self.public_subnet_ids = {}
        self.isolated_subnet_ids = {}
        associations: list[pulumi.Resource] = []
        for zone, blocks in plan_subnets(args.cidr, args.zones).items():
            public, isolated = self._subnets(zone, blocks)
            associations.append(self._associate("public", zone, public, public_table))
            self._associate("isolated", zone, isolated, isolated_table)
            self.public_subnet_ids[zone] = public.id
            self.isolated_subnet_ids[zone] = isolated.id
        self.routes = (default_route, endpoint, *associations)
        self.finish(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "isolatedSubnetIds": self.isolated_subnet_ids,
            }
        )

    def _route_table(self, role: str) -> aws.ec2.RouteTable:
        return aws.ec2.RouteTable(
            f"{self._name}-{role}",
            vpc_id=self.vpc_id,
            tags=named(self._tags, f"{self._name}-{role}"),
            opts=self.child(),
        )

    def _public_routing(self) -> tuple[aws.ec2.RouteTable, aws.ec2.Route]:
        gateway = aws.ec2.InternetGateway(
            f"{self._name}-gateway",
            vpc_id=self.vpc_id,
            tags=named(self._tags, self._name),
            opts=self.child(),
        )
        table = self._route_table("public")
        route = aws.ec2.Route(
            f"{self._name}-internet",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self.child(),
        )
        return table, route

    def _subnets(self, zone: str, blocks: ZoneBlocks) -> tuple[aws.ec2.Subnet, aws.ec2.Subnet]:
        public = aws.ec2.Subnet(
            f"{self._name}-public-{zone}",
            vpc_id=self.vpc_id,
            cidr_block=blocks.public,
            availability_zone=zone,
            map_public_ip_on_launch=True,
            tags=named(self._tags, f"{self._name}-public-{zone}"),
            opts=self.child(),
        )
        isolated = aws.ec2.Subnet(
            f"{self._name}-isolated-{zone}",
            vpc_id=self.vpc_id,
            cidr_block=blocks.isolated,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=named(self._tags, f"{self._name}-isolated-{zone}"),
            opts=self.child(),
        )
        return public, isolated

    def _associate(
        self, role: str, zone: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable
    ) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(
            f"{self._name}-{role}-{zone}",
            subnet_id=subnet.id,
            route_table_id=table.id,
            opts=self.child(),
        )
