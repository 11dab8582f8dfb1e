"""Which tier may connect to which, in both stacks."""

from __future__ import annotations

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


WORLD = "0.0.0.0/0"


def edges(recording, kind):
    """Rules as (group, peer, port), with groups by their role."""
    roles = {f"web-security-{role}-id": role for role in ("balancer", "instances", "database")}
    found = set()
    for rule in recording.of(kind):
        inputs = rule.inputs
        assert inputs["fromPort"] == inputs["toPort"]
        assert inputs["ipProtocol"] == "tcp"
        referenced = inputs.get("referencedSecurityGroupId")
        peer = roles[referenced] if referenced else inputs["cidrIpv4"]
        found.add((roles[inputs["securityGroupId"]], peer, int(inputs["fromPort"])))
    return found


def test_the_chain_of_the_ha_stack(ha):
    assert edges(ha, INGRESS) == {
        ("balancer", WORLD, 80),
        ("instances", "balancer", 8080),
        ("database", "instances", 5432),
    }
    assert edges(ha, EGRESS) == {
        ("balancer", "instances", 8080),
        ("instances", "database", 5432),
        ("instances", WORLD, 443),
    }


def test_the_chain_of_the_baseline(single):
    assert edges(single, INGRESS) == {
        ("instances", WORLD, 8080),
        ("database", "instances", 5432),
    }
    assert edges(single, EGRESS) == {
        ("instances", "database", 5432),
        ("instances", WORLD, 443),
    }


def test_no_rule_allows_ssh_and_there_is_no_key_pair(either):
    for rule in [*either.of(INGRESS), *either.of(EGRESS)]:
        assert not rule.inputs["fromPort"] <= 22 <= rule.inputs["toPort"]
    assert not [r.name for r in either.resources.values() if "keyName" in r.inputs]


def test_groups_have_no_inline_rules(either):
    for group in either.of("aws:ec2/securityGroup:SecurityGroup"):
        assert not {"ingress", "egress"} & set(group.inputs)


def test_the_internet_reaches_both_ports_of_the_load_balancer_and_nothing_else(built):
    recording = built("given certificate")
    open_ports = {
        rule.inputs["fromPort"]: rule.inputs["securityGroupId"]
        for rule in recording.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if rule.inputs.get("cidrIpv4") == "0.0.0.0/0"
    }
    assert open_ports == dict.fromkeys((80, 443), "web-security-balancer-id")
