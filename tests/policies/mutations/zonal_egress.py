"""What breaks the rule about the way out of the instances' subnets."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

_ROUTE = "aws:ec2/route:Route::web-network-private-ap-northeast-2c"
_OTHER = "aws:ec2/natGateway:NatGateway::web-network-private-ap-northeast-2c"

decides("nat-gateway-per-zone", _ROUTE, "natGatewayId", absent=KEEPS, unknown=KEEPS)


_SECRETS = "aws:ec2/vpcEndpoint:VpcEndpoint"

decides("vpc-endpoint-several-zones", "vpc", "cidrBlock", absent=KEEPS, unknown=KEEPS)


@breaks("vpc-endpoint-several-zones")
def an_endpoint_in_one_zone(stack):
    stack.add(
        "secrets",
        _SECRETS,
        {
            "vpcId": Ref("vpc"),
            "serviceName": "com.amazonaws.ap-northeast-2.secretsmanager",
            "vpcEndpointType": "Interface",
            "subnetIds": [Ref("subnet-a")],
            "privateDnsEnabled": True,
        },
    )


@breaks("nat-gateway-per-zone")
def one_nat_gateway_for_all_zones(stack):
    stack.set(_ROUTE, "natGatewayId", Ref("nat"))


@breaks("nat-gateway-per-zone")
def both_nat_gateways_in_one_zone(stack):
    stack.set(_OTHER, "subnetId", Ref("public-a"))
