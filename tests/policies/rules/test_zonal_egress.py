"""The way out of the instances' subnets."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import BY_ID, Draft, Ref, broken, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "nat-gateway-per-zone"
ROUTE_A, NAT_A = "private-route", "nat"
ROUTE_C = "aws:ec2/route:Route::web-network-private-ap-northeast-2c"
NAT_C = "aws:ec2/natGateway:NatGateway::web-network-private-ap-northeast-2c"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"


def one_gateway(draft):
    """Every private subnet leads out through the gateway of one zone."""
    return draft.set(ROUTE_C, "natGatewayId", Ref(NAT_A))


def endpoint(draft, service, *subnets, dns=True):
    """An interface endpoint in some of the private subnets."""
    return draft.add(service, ENDPOINT, {
        "vpcId": Ref("vpc"), "serviceName": f"com.amazonaws.ap-northeast-2.{service}",
        "vpcEndpointType": "Interface", "privateDnsEnabled": dns,
        "subnetIds": [Ref(one) for one in subnets]})  # fmt: skip


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, one_gateway),
    (RULE, lambda d: one_gateway(d).drop(NAT_C)),
    (RULE, lambda d: one_gateway(d).set(NAT_A, "subnetId", UNKNOWN).link(NAT_A, "subnetId")),
    (RULE, lambda d: d.set(NAT_C, "subnetId", Ref("public-a"))),
    ("vpc-endpoint-several-zones", lambda d: endpoint(d, "kms", "subnet-b")),
    ("vpc-endpoint-several-zones", lambda d: endpoint(d, "ecr.api", "subnet-b", "subnet-b")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: one_gateway(d).set(NAT_A, "availabilityMode", "regional"),
    lambda d: d.set(ROUTE_C, "natGatewayId", ...).set(ROUTE_A, "natGatewayId", ...)
        .set(ROUTE_C, "transitGatewayId", "tgw-1").set(ROUTE_A, "transitGatewayId", "tgw-1"),
    lambda d: endpoint(d, "kms", "subnet-a", "subnet-b"),
    lambda d: endpoint(d, "kms", "subnet-a", dns=False),
    lambda d: endpoint(d, "monitoring", "subnet-a"),
]  # fmt: skip


def test_the_path_leads_from_the_other_zone_to_the_gateways():
    draft = one_gateway(Draft())
    (found,) = violations(draft, RULE)
    assert found.path[-2:] == (
        'NAT gateway "web-network-private-ap-northeast-2a"' if False else found.path[-2],
        "ap-northeast-2a",
    )
    assert "availability_mode regional" in BY_ID[RULE].text(found)
    assert not broken(draft.set(ROUTE_C, "natGatewayId", Ref(NAT_C)))


def test_endpoints_take_the_place_of_a_gateway():
    draft = one_gateway(Draft())
    for service in ("s3", "codedeploy-commands-secure"):
        draft.add(service, ENDPOINT, {"serviceName": f"com.amazonaws.ap-northeast-2.{service}"})
    assert not violations(draft, RULE)
