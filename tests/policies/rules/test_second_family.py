"""IPv6 at a load balancer with both families."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.second_family import RULE, both_families
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

GATEWAY = "aws:ec2/internetGateway:InternetGateway::web-network-gateway"


def routed(draft):
    both_families(draft)
    route = {
        "routeTableId": Ref("public-routes"),
        "destinationIpv6CidrBlock": "::/0",
        "gatewayId": Ref(GATEWAY),
    }
    draft.add("by-ipv6", "aws:ec2/route:Route", route)
    return draft


def open_by_ipv6(draft):
    routed(draft)
    for name in ("ingress", "ingress-https"):
        draft.twin(name, f"{name}-6").set(f"{name}-6", "cidrIpv4", ...)
        draft.set(f"{name}-6", "cidrIpv6", "::/0")
    return draft


BREAKS = [(RULE, routed)]
KEEPS = [open_by_ipv6]
