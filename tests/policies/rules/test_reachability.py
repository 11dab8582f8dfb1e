"""Who reaches the load balancer, and whom it reaches."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

OLD = "aws:ec2/securityGroupRule:SecurityGroupRule"


def instead(draft, dropped, place, value, *sources):
    """Replace a rule of its own by an inline list of its group."""
    group, prop = place
    draft.drop(dropped).set(group, prop, [value])
    return draft.link(group, prop, *sources)


def inline(port, **more):
    return {"protocol": "tcp", "fromPort": port, "toPort": port, **more}


def old_rule(draft, kind, group, **more):
    """Replace a rule by one of the older type."""
    properties = {"type": kind, "securityGroupId": UNKNOWN, "protocol": "tcp",
                  "fromPort": 8080.0, "toPort": 8080.0, "sourceSecurityGroupId": UNKNOWN}  # fmt: skip
    return draft.add("old", OLD, properties, {"securityGroupId": [group], **more})


# A change and the one rule that it breaks.
BREAKS = [
    ("elb-open-on-listener-ports", lambda d: d.set("ingress", "ipProtocol", "udp")),
    ("elb-open-on-listener-ports", lambda d: d.set("load-balancer", "internal", True)
        .set("load-balancer", "subnets", [UNKNOWN, UNKNOWN])
        .link("load-balancer", "subnets", "subnet-a", "subnet-b").drop("ingress")
        .set("ingress-https", "cidrIpv4", "10.0.0.0/8")),
    ("elb-reaches-targets", lambda d: d.set("from-balancer", "toPort", 8079.0)
        .set("from-balancer", "fromPort", 8000.0)),
    ("elb-reaches-targets", lambda d: d.set("from-balancer", "ipProtocol", "udp")),
    ("elb-reaches-targets", lambda d: d.set("from-balancer", "referencedSecurityGroupId", ...)
        .set("from-balancer", "cidrIpv4", "10.20.0.0/20")),
    ("elb-reaches-targets", lambda d: old_rule(d.drop("from-balancer"), "ingress",
        "instances-group", sourceSecurityGroupId=["database-group"])),
    ("elb-in-public-subnets", lambda d: d.set("load-balancer", "subnets", [UNKNOWN, UNKNOWN])
        .link("load-balancer", "subnets", "public-a", "subnet-b")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("ingress", "ipProtocol", "tcp").set("ingress", "cidrIpv4", ...)
        .set("ingress", "prefixListId", "pl-3b927c52"),
    lambda d: d.set("ingress", "cidrIpv4", "203.0.113.0/24"),
    lambda d: d.set("from-balancer", "referencedSecurityGroupId", ...)
        .set("from-balancer", "cidrIpv4", "10.20.0.0/16"),
    lambda d: d.set("from-balancer", "ipProtocol", "-1").set("from-balancer", "fromPort", ...)
        .set("from-balancer", "toPort", ...),
    lambda d: instead(d, "from-balancer", ("instances-group", "ingress"),
        inline(8080.0, securityGroups=[UNKNOWN]), "security-group"),
    lambda d: instead(d, "to-instances", ("security-group", "egress"),
        {"protocol": "-1", "fromPort": 0.0, "toPort": 0.0, "cidrBlocks": ["0.0.0.0/0"]}),
    lambda d: old_rule(d.drop("from-balancer"), "ingress", "instances-group",
        sourceSecurityGroupId=["security-group"]),
    lambda d: old_rule(d.drop("to-instances"), "egress", "security-group",
        sourceSecurityGroupId=["instances-group"]),
    lambda d: d.set("load-balancer", "internal", ...),
    lambda d: d.set("internet-route", "gatewayId", "igw-1"),
    lambda d: d.drop("internet-route").set("public-routes", "routes",
        [{"cidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN}]).link("public-routes", "routes",
        "aws:ec2/internetGateway:InternetGateway::web-network-gateway"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("elb-open-on-listener-ports", lambda d: d.set("load-balancer", "securityGroups", ["sg-1"])),
        ("elb-reaches-targets", lambda d: d.set("template", "vpcSecurityGroupIds", ["sg-1"])
            .set("to-instances", "referencedSecurityGroupId", ...)
            .set("to-instances", "cidrIpv4", "0.0.0.0/0")),
        ("elb-in-public-subnets", lambda d: d.set("load-balancer", "subnets", ["subnet-1", "subnet-2"])),
    ],
)  # fmt: skip
def test_what_another_stack_holds_is_not_decidable_and_how_it_would_be_is_said(rule, change):
    found = violations(change(Draft()), rule)
    assert found
    assert all(one.undecided and one.remedy for one in found)


def test_public_subnets_of_another_stack_can_be_listed():
    draft = Draft().set("load-balancer", "subnets", ["subnet-1", "subnet-2"])
    assert not violations(draft, "elb-in-public-subnets", publicSubnets=["subnet-1", "subnet-2"])


def test_the_path_names_each_step_and_the_group_that_refuses():
    (found,) = violations(Draft().set("target-group", "port", 80.0), "elb-reaches-targets")
    assert found.path[:3] == (
        'listener 443 ("https")', "default action", 'target group "target-group", port 80',
    )  # fmt: skip
    assert "8080 only, not 80" in found.path[3]
    assert "set the target group's port to 8080" in found.remedy
