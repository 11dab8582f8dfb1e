"""Route tables."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from region.provider.handler import Handler, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties

USE_ROUTE = "use aws.ec2.Route"


class RouteTable(Handler):
    """`aws.ec2.RouteTable` without inline routes."""

    resource_type = "aws:ec2/routeTable:RouteTable"
    supported = frozenset({"vpcId", "tags"})
    hints: ClassVar = {"routes": USE_ROUTE}
    computed = frozenset({"routes", "propagatingVgws"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateRouteTable."""
        response = op.aws.ec2.create_route_table(
            VpcId=inputs["vpcId"],
            TagSpecifications=tag_specifications("route-table", inputs.get("tags")),
        )
        return response["RouteTable"]["RouteTableId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Update the tags; nothing else can change."""
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the route table."""
        for table in op.aws.ec2.describe_route_tables(RouteTableIds=[identity])["RouteTables"]:
            return {
                "vpcId": table["VpcId"],
                "propagatingVgws": [],
                "arn": op.arn("ec2", f"route-table/{identity}"),
                "ownerId": table.get("OwnerId", op.account),
                "tags": tag_map(table.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteRouteTable, again while subnets are associated."""
        op.release(
            f"route table {identity}",
            lambda: op.aws.ec2.delete_route_table(RouteTableId=identity),
            *IN_USE,
        )
