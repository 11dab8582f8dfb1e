"""VPC, subnets, routes and, optionally, flow logs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.cidr import ZoneBlocks, plan_subnets
from components.config.constants import ANYWHERE
from components.flow_logs import FlowLogs, FlowLogsArgs
from components.private_subnets import PrivateSubnets, PrivateSubnetsArgs
from components.tags import Tags, named


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """Arguments of `Vpc`.

    Attributes:
        cidr: The VPC's IPv4 block.
        zones: Names of the availability zones, at least two.
        region: The Region that the zones belong to.
        private: Whether instances live in private subnets behind NAT gateways.
        flow_log_days: Retention of the flow logs in days; None for no flow logs.
        tags: Tags of every resource.
    """

    cidr: str
    zones: tuple[str, ...]
    region: str
    private: bool = False
    flow_log_days: int | None = None
    tags: Tags

    def __post_init__(self) -> None:
        """Reject arguments that would leave half a network behind."""
        if len(self.zones) < 2:
            raise ValueError(
                f"a VPC with subnets in {len(self.zones)} zone(s) cannot hold a load balancer or a DB "
                "subnet group; use at least 2 zones"
            )
        plan_subnets(self.cidr, self.zones)


class Vpc(Component):
    """A VPC with a public and an isolated subnet per zone and, optionally, a private one.

    By default instances live in the public subnets and their security group admits only what it
    must, which saves the NAT gateways (32.85 USD a month each in us-east-1, more than the rest of a
    small stack). With `private` they live in private subnets and have no public address (Security
    Hub EC2.9, EC2.15). The isolated subnets, for the database, have no route out of the VPC.
    """

    vpc_id: pulumi.Output[str]
    account_id: pulumi.Output[str]
    public_subnet_ids: dict[str, pulumi.Output[str]]
    instance_subnet_ids: dict[str, pulumi.Output[str]]
    """Where instances are launched: the private subnets if they exist, otherwise the public ones."""

    isolated_subnet_ids: dict[str, pulumi.Output[str]]
    routes: tuple[pulumi.Resource, ...]
    """Instances depend on these: user data needs the internet as soon as it runs."""

    def __init__(
        self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "network:Vpc",
            name,
            {"cidr": args.cidr, "zones": list(args.zones), "private": args.private},
            opts,
        )
        self._name = name
        self._tags = args.tags
        # With private subnets nothing is launched in the public ones, so nothing should get a public
        # address there by mistake (Security Hub EC2.15); load balancer and NAT gateways do anyway.
        self._public_addresses = not args.private
        plan = plan_subnets(args.cidr, args.zones)
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=named(args.tags, name),
            opts=self.child(),
        )
        self.vpc_id = vpc.id
        self.account_id = vpc.owner_id
        public_table, default_route = self._public_routing()
        public_routes = [default_route, *self._public_subnets(plan, public_table)]
        self._isolated_subnets(plan)
        private = self._private_subnets(plan, public_routes) if args.private else None
        self.instance_subnet_ids = private.subnet_ids if private else self.public_subnet_ids
        tables = [public_table.id, *(private.route_table_ids.values() if private else ())]
        endpoint = self._s3_endpoint(args.region, tables)
        self.routes = (endpoint, *(private.routes if private else public_routes))
        if args.flow_log_days is not None:
            self._flow_logs(args.region, args.flow_log_days)
        self.register(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "isolatedSubnetIds": self.isolated_subnet_ids,
            }
        )

    def _flow_logs(self, region: str, retention_days: int) -> None:
        FlowLogs(
            f"{self._name}-flows",
            FlowLogsArgs(
                vpc_id=self.vpc_id,
                account_id=self.account_id,
                region=region,
                retention_days=retention_days,
                tags=self._tags,
            ),
            self.child(),
        )

    def _s3_endpoint(
        self, region: str, route_table_ids: list[pulumi.Output[str]]
    ) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            # A gateway endpoint is free; revisions and packages are fetched through it (VPC guide,
            # "Gateway endpoints for Amazon S3") instead of a NAT gateway that bills per gigabyte.
            vpc_id=self.vpc_id,
            service_name=f"com.amazonaws.{region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=route_table_ids,
            tags=named(self._tags, f"{self._name}-s3"),
            opts=self.child(),
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

    def _public_subnets(
        self, plan: dict[str, ZoneBlocks], table: aws.ec2.RouteTable
    ) -> list[pulumi.Resource]:
        """Create the public subnets; return the associations that connect them to the internet."""
        subnets = {
            zone: self._subnet("public", zone, blocks.public) for zone, blocks in plan.items()
        }
        self.public_subnet_ids = {zone: subnet.id for zone, subnet in subnets.items()}
        return [self._associate("public", zone, subnet, table) for zone, subnet in subnets.items()]

    def _isolated_subnets(self, plan: dict[str, ZoneBlocks]) -> None:
        table = self._route_table("isolated")
        subnets = {
            zone: self._subnet("isolated", zone, blocks.isolated) for zone, blocks in plan.items()
        }
        self.isolated_subnet_ids = {zone: subnet.id for zone, subnet in subnets.items()}
        for zone, subnet in subnets.items():
            self._associate("isolated", zone, subnet, table)

    def _private_subnets(
        self, plan: dict[str, ZoneBlocks], public_routes: list[pulumi.Resource]
    ) -> PrivateSubnets:
        return PrivateSubnets(
            f"{self._name}-private",
            PrivateSubnetsArgs(
                vpc_id=self.vpc_id,
                blocks={zone: blocks.private for zone, blocks in plan.items()},
                public_subnet_ids=self.public_subnet_ids,
                public_routes=tuple(public_routes),
                tags=self._tags,
            ),
            self.child(),
        )

    def _subnet(self, role: str, zone: str, block: str) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self._name}-{role}-{zone}",
            vpc_id=self.vpc_id,
            cidr_block=block,
            availability_zone=zone,
            map_public_ip_on_launch=role == "public" and self._public_addresses,
            tags=named(self._tags, f"{self._name}-{role}-{zone}"),
            opts=self.child(),
        )

    def _associate(
        self, role: str, zone: str, subnet: aws.ec2.Subnet, table: aws.ec2.RouteTable
    ) -> aws.ec2.RouteTableAssociation:
        return aws.ec2.RouteTableAssociation(
            f"{self._name}-{role}-{zone}",
            subnet_id=subnet.id,
            route_table_id=table.id,
            opts=self.child(),
        )
