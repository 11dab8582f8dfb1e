"""Private subnets and the NAT gateways through which they reach the internet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.tags import Tags, named

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class PrivateSubnetsArgs:
    """`blocks` are the subnets' CIDR blocks by zone, `public_subnet_ids` where the gateways stand.

    `public_routes` is what connects those to the internet.
    """

    vpc_id: pulumi.Input[str]
    blocks: Mapping[str, str]
    public_subnet_ids: Mapping[str, pulumi.Input[str]]
    public_routes: tuple[pulumi.Resource, ...]
    tags: Tags

    def __post_init__(self) -> None:
        """Refuses a zone that would have no gateway of its own."""
        missing = sorted(set(self.blocks) - set(self.public_subnet_ids))
        if missing:
            raise ValueError(
                f"zone(s) {', '.join(missing)} have no public subnet for a NAT gateway; give one "
                "public subnet per zone"
            )


class PrivateSubnets(Component):
    """A private subnet per zone, each with its own NAT gateway and route table.

    One gateway per zone, because a gateway ends with its zone and takes the other zones' way out
    along (VPC user guide, "NAT gateway basics"). Traffic then also stays in its zone, unbilled.
    """

    subnet_ids: dict[str, pulumi.Output[str]]
    route_table_ids: dict[str, pulumi.Output[str]]
    routes: tuple[pulumi.Resource, ...]
    """Instances depend on these."""

    def __init__(
        self, name: str, args: PrivateSubnetsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__("network:PrivateSubnets", name, {"blocks": dict(args.blocks)}, opts)
        self._name = name
        self._args = args
        self.subnet_ids = {}
        self.route_table_ids = {}
        routes: list[pulumi.Resource] = []
        for zone, block in args.blocks.items():
            routes += self._zone(zone, block)
        self.routes = tuple(routes)
        self.finish({"subnetIds": self.subnet_ids})

    def _zone(self, zone: str, block: str) -> list[pulumi.Resource]:
        """Creates one zone's part and returns its route and association."""
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
        way_out = self.child(depends_on=self._args.public_routes)
        address = aws.ec2.Eip(name, domain="vpc", tags=tags, opts=way_out)
        return aws.ec2.NatGateway(
            name,
            subnet_id=self._args.public_subnet_ids[zone],
            allocation_id=address.allocation_id,
            connectivity_type="public",
            tags=tags,
            opts=way_out,
        )
