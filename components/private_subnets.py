"""Private subnets and the NAT gateways that connect them to the internet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.config.constants import ANYWHERE
from components.tags import Tags, named


@dataclass(frozen=True, kw_only=True)
class PrivateSubnetsArgs:
    """Arguments of `PrivateSubnets`.

    Attributes:
        vpc_id: The VPC of the subnets.
        blocks: The subnets' CIDR blocks by zone.
        public_subnet_ids: The public subnets by zone, in which the NAT gateways are placed.
        public_routes: What connects the public subnets to the internet.
        tags: Tags of every resource.
    """

    vpc_id: pulumi.Input[str]
    blocks: Mapping[str, str]
    public_subnet_ids: Mapping[str, pulumi.Input[str]]
    public_routes: tuple[pulumi.Resource, ...]
    tags: Tags

    def __post_init__(self) -> None:
        """Reject a zone without a place for its NAT gateway."""
        missing = sorted(set(self.blocks) - set(self.public_subnet_ids))
        if missing:
            raise ValueError(
                f"zone(s) {', '.join(missing)} have no public subnet for a NAT gateway; give one "
                "public subnet per zone"
            )


class PrivateSubnets(Component):
    """A private subnet per zone, each with its own NAT gateway and route table.

    One gateway per zone, because a gateway fails with its zone, and every zone routed through it
    would lose the internet too (VPC user guide, "NAT gateway basics"). Traffic also stays in its
    zone, which is free.
    """

    subnet_ids: dict[str, pulumi.Output[str]]
    route_table_ids: dict[str, pulumi.Output[str]]
    routes: tuple[pulumi.Resource, ...]
    """Instances depend on these."""

    def __init__(
        self, name: str, args: PrivateSubnetsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("network:PrivateSubnets", name, {"blocks": dict(args.blocks)}, opts)
        self._name = name
        self._args = args
        self.subnet_ids = {}
        self.route_table_ids = {}
        routes: list[pulumi.Resource] = []
        for zone, block in args.blocks.items():
            routes += self._zone(zone, block)
        self.routes = tuple(routes)
        self.register({"subnetIds": self.subnet_ids})

    def _zone(self, zone: str, block: str) -> list[pulumi.Resource]:
        """Create the resources of one zone; return its route and association."""
        name = f"{self._name}-{zone}"
        tags = named(self._args.tags, name)
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self._args.vpc_id,
            cidr_block=block,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=tags,
            opts=self.child(),
        )
        table = aws.ec2.RouteTable(name, vpc_id=self._args.vpc_id, tags=tags, opts=self.child())
        route = aws.ec2.Route(
            name,
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            nat_gateway_id=self._gateway(zone, name, tags).id,
            opts=self.child(),
        )
        association = aws.ec2.RouteTableAssociation(
            name, subnet_id=subnet.id, route_table_id=table.id, opts=self.child()
        )
        self.subnet_ids[zone] = subnet.id
        self.route_table_ids[zone] = table.id
        return [route, association]

    def _gateway(self, zone: str, name: str, tags: dict[str, str]) -> aws.ec2.NatGateway:
        # Both need the internet gateway to be attached first (provider docs, Eip and NatGateway).
        after_routes = self.child(depends_on=self._args.public_routes)
        address = aws.ec2.Eip(name, domain="vpc", tags=tags, opts=after_routes)
        return aws.ec2.NatGateway(
            name,
            subnet_id=self._args.public_subnet_ids[zone],
            allocation_id=address.allocation_id,
            connectivity_type="public",
            tags=tags,
            opts=after_routes,
        )
