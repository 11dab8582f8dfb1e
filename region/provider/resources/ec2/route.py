"""Routes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, changed, found, given
from region.provider.operation import Operation
from region.provider.values import Properties

DESTINATION = "destinationCidrBlock"


TARGETS = {"GatewayId": "gatewayId", "NatGatewayId": "natGatewayId"}


class Route(Handler):
    """`aws.ec2.Route` to an internet gateway or a NAT gateway."""

    resource_type = "aws:ec2/route:Route"
    supported = frozenset({"routeTableId", DESTINATION, *TARGETS.values()})
    volatile = frozenset({"state"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the route has one destination and one target."""
        yield from checks.exactly_one(inputs, [DESTINATION])
        yield from checks.exactly_one(inputs, list(TARGETS.values()))
        yield from checks.cidr(DESTINATION, inputs.get(DESTINATION))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateRoute. A route has no id: this is the one that the real provider builds."""
        table, destination = inputs["routeTableId"], inputs[DESTINATION]
        op.aws.ec2.create_route(
            RouteTableId=table,
            DestinationCidrBlock=destination,
            **given(TARGETS, inputs),
        )
        return f"r-{table}{zlib.crc32(destination.encode())}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ReplaceRoute."""
        if changed(new, old, *TARGETS.values()) and old is not None:
            op.aws.ec2.replace_route(
                RouteTableId=new["routeTableId"],
                DestinationCidrBlock=new[DESTINATION],
                **given(TARGETS, new),
            )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the route; its id for an import is `<route table>_<destination>`."""
        table, destination = _route_key(identity, state)
        response = op.aws.ec2.describe_route_tables(RouteTableIds=[table])
        routes = (route for item in response["RouteTables"] for route in item["Routes"])
        for route in routes:
            if route.get("DestinationCidrBlock") == destination:
                return {
                    "routeTableId": table,
                    DESTINATION: destination,
                    **found(TARGETS, route),
                    "origin": route.get("Origin", "CreateRoute"),
                    "state": route.get("State", "active"),
                    "instanceId": "",
                    "instanceOwnerId": "",
                }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteRoute."""
        table, destination = _route_key(identity, state)
        op.aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=destination)


def _route_key(identity: str, state: Properties) -> tuple[str, str]:
    if "routeTableId" in state:
        return state["routeTableId"], state[DESTINATION]
    table, _, destination = identity.partition("_")
    return table, destination
