"""The network of the fleet: zones of the load balancer, the way out, the database."""

from __future__ import annotations

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.fleet_network import codedeploy_endpoint
from tests.policies.mutations.instance_start import start
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

# A change and the one rule that it breaks.
BREAKS = [
    ("asg-reaches-codedeploy", lambda d: d.set("to-https", "fromPort", 80.0)
        .set("to-https", "toPort", 80.0)),
    ("asg-reaches-codedeploy", lambda d: d.set("to-https", "cidrIpv4", "10.20.0.0/16")),
    ("database-reachable", lambda d: d.set("database", "port", 5433.0)),
    ("database-reachable", lambda d: d.set("from-instances", "ipProtocol", "udp")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("to-https", "ipProtocol", "-1").set("to-https", "fromPort", ...)
        .set("to-https", "toPort", ...),
    lambda d: d.set("private-route", "natGatewayId", ...).set("private-route",
        "transitGatewayId", "tgw-1"),
    lambda d: d.set("from-instances", "referencedSecurityGroupId", ...)
        .set("from-instances", "cidrIpv4", "10.20.0.0/16"),
    lambda d: d.set("database", "port", 5432.0),
    lambda d: d.set("target-group", "loadBalancingCrossZoneEnabled", "false"),
    lambda d: start(d, "#!/bin/sh\n./install auto\n").drop("database"),
]  # fmt: skip


def test_subnets_of_another_stack_are_not_decidable_unless_they_are_listed():
    draft = Draft().set("group", "vpcZoneIdentifiers", ["subnet-1", "subnet-2"])
    found = violations(draft, "asg-reaches-codedeploy")
    assert [one.undecided for one in found] == [True]
    assert "connectedSubnets" in found[0].remedy
    listed = ["subnet-1", "subnet-2"]
    assert not violations(draft, "asg-reaches-codedeploy", connectedSubnets=listed)


def endpoints(draft, **more):
    """Endpoints in the place of the NAT gateways."""
    draft.drop("private-route", "aws:ec2/vpcEndpoint:VpcEndpoint::web-network-s3")
    for name in ("s3", "codedeploy-commands-secure"):
        codedeploy_endpoint(draft, serviceName=f"com.amazonaws.ap-northeast-2.{name}", **more)
        draft.twin("commands", name).drop("commands")
    return draft.set("endpoint-group", "ingress", [OPEN])


OPEN = {"protocol": "tcp", "fromPort": 443.0, "toPort": 443.0, "cidrBlocks": ["10.20.0.0/16"]}
WAY = "asg-reaches-codedeploy"


def test_endpoints_are_a_way_out():
    assert not violations(endpoints(Draft()), WAY)


def test_endpoints_that_admit_nobody_are_none():
    (found,) = violations(endpoints(Draft()).set("endpoint-group", "ingress", ...), WAY)
    assert 'security group "endpoint-group" admits nothing' in found.what
    assert 'VPC endpoint "s3"' in found.path


def test_endpoints_to_which_no_name_leads_are_none():
    (found,) = violations(endpoints(Draft(), privateDnsEnabled=False), WAY)
    assert "private_dns_enabled is false" in found.what
    assert "set private_dns_enabled" in found.remedy


def test_a_private_zone_may_hold_the_name():
    draft = endpoints(Draft(), privateDnsEnabled=False)
    draft.add("names", "aws:route53/zone:Zone", {"name": "x", "vpcs": [{"vpcId": Ref("vpc")}]})
    (found,) = violations(draft, WAY)
    assert found.undecided


def test_private_dns_may_be_switched_on_elsewhere():
    draft = endpoints(Draft(), privateDnsEnabled=...)
    for name in ("s3", "codedeploy-commands-secure"):
        given = {"vpcEndpointId": Ref(name), "privateDnsEnabled": True}
        draft.add(f"{name}-names", "aws:vpc/endpointPrivateDns:EndpointPrivateDns", given)
    assert not violations(draft, WAY)


def test_a_gateway_endpoint_needs_the_route_table():
    draft = endpoints(Draft()).drop("s3")
    gateway = {
        "vpcId": Ref("vpc"),
        "serviceName": "com.amazonaws.ap-northeast-2.s3",
        "routeTableIds": [Ref("public-routes")],
    }
    draft.add("s3", "aws:ec2/vpcEndpoint:VpcEndpoint", gateway)
    (found,) = violations(draft, WAY)
    assert 'route table "private-routes"' in found.what
    draft.set("s3", "routeTableIds", [Ref("private-routes")])
    assert not violations(draft, WAY)
