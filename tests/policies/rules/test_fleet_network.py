"""The network of the fleet: zones of the load balancer, the way out, the database."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
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
    lambda d: d.set("template", "userData", "").drop("database"),
]  # fmt: skip


def test_subnets_of_another_stack_are_not_decidable_unless_they_are_listed():
    draft = Draft().set("group", "vpcZoneIdentifiers", ["subnet-1", "subnet-2"])
    found = violations(draft, "asg-reaches-codedeploy")
    assert [one.undecided for one in found] == [True]
    assert "connectedSubnets" in found[0].remedy
    listed = ["subnet-1", "subnet-2"]
    assert not violations(draft, "asg-reaches-codedeploy", connectedSubnets=listed)


def test_endpoints_are_a_way_out():
    draft = Draft().drop("private-route")
    for service in ("s3", "codedeploy-commands-secure"):
        draft.add(service, "aws:ec2/vpcEndpoint:VpcEndpoint", {
            "vpcId": UNKNOWN, "vpcEndpointType": "Interface",
            "serviceName": f"com.amazonaws.ap-northeast-2.{service}"}, {"vpcId": ["vpc"]})  # fmt: skip
    assert not violations(draft, "asg-reaches-codedeploy")
