"""What breaks the rule about transit gateways."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

GATEWAY = {"transitGatewayId": "tgw-0123456789abcdef0"}


def gateway(stack, *, blackhole=False):
    """Add a network that leaves by a transit gateway, and the route there."""
    stack.add("office", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.99.0.0/16"})
    stack.add("office-routes", "aws:ec2/routeTable:RouteTable", {"vpcId": Ref("office")})
    out = {"routeTableId": Ref("office-routes"), "destinationCidrBlock": "0.0.0.0/0", **GATEWAY}
    stack.add("office-out", "aws:ec2/route:Route", out)
    stack.add("gateway-table", "aws:ec2transitgateway/routeTable:RouteTable", GATEWAY)
    table = {"transitGatewayRouteTableId": Ref("gateway-table")}
    stack.add(
        "its-table",
        "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation",
        {**table, "transitGatewayAttachmentId": "tgw-attach-0123456789abcdef0"},
    )
    stack.add(
        "gateway-route",
        "aws:ec2transitgateway/route:Route",
        {**table, "destinationCidrBlock": "0.0.0.0/0", "blackhole": blackhole},
    )


@breaks("transit-gateway-passes")
def gateway_that_drops_everything(stack):
    gateway(stack, blackhole=True)


decides(
    "transit-gateway-passes",
    "gateway-route",
    "blackhole",
    absent=KEEPS,
    unknown=KEEPS,
    given=gateway,
)
