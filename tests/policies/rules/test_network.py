"""What the internet can reach."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
WORLD = {"ipProtocol": "tcp", "fromPort": 22.0, "toPort": 22.0}
SSH = {**WORLD, "cidrIpv4": "0.0.0.0/0"}


def interface(draft, public):
    """The draft with the instances' security group on a network interface."""
    groups = draft.parts["template"].dependencies["vpcSecurityGroupIds"]
    entry = {"associatePublicIpAddress": public, "securityGroups": [UNKNOWN]}
    draft.set("template", "networkInterfaces", [entry]).link(
        "template", "networkInterfaces", *groups
    )
    return draft.set("template", "vpcSecurityGroupIds", ...)


# A change and the one rule that it breaks.
BREAKS = [
    ("no-public-ip", lambda d: d.set("subnet-a", "mapPublicIpOnLaunch", True)),
    ("no-public-ip", lambda d: d.set("subnet-a", "mapPublicIpOnLaunch", UNKNOWN)),
    ("no-public-ip", lambda d: interface(d, "true")),
    ("no-public-ip", lambda d: d.set("template", "networkInterfaces", UNKNOWN)),
    ("no-public-ip", lambda d: d.add("one", "aws:ec2/instance:Instance",
        {"launchTemplate": {"id": UNKNOWN}, "associatePublicIpAddress": True})),
    ("sg-no-remote-admin", lambda d: d.add("ssh", INGRESS, SSH)),
    ("sg-no-remote-admin", lambda d: d.add("ssh", INGRESS, {**WORLD, "cidrIpv6": "::/0"})),
    ("sg-no-remote-admin", lambda d: d.add("all", INGRESS, {"ipProtocol": "-1",
        "cidrIpv4": "0.0.0.0/0"})),
    ("sg-no-remote-admin", lambda d: d.add("who", INGRESS, {**WORLD, "cidrIpv4": UNKNOWN})),
    ("sg-no-remote-admin", lambda d: d.add("old", GROUP_RULE, {"type": "ingress",
        "protocol": "tcp", "fromPort": 0.0, "toPort": 1024.0, "cidrBlocks": ["0.0.0.0/0"]})),
    ("sg-open-only-to-authorized-ports", lambda d: d.set("ingress", "fromPort", 8080.0)
        .set("ingress", "toPort", 8080.0)),
]  # fmt: skip

REFUSED = {
    "sg-no-remote-admin": [
        lambda d: d.set("security-group", "ingress", [{"protocol": "tcp",
            "fromPort": 22.0, "toPort": 22.0, "cidrBlocks": ["0.0.0.0/0"]}]),
        lambda d: d.add("half", INGRESS, {**WORLD, "cidrIpv4": "128.0.0.0/1"}),
    ],
}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("http", "port", 8080.0).set("ingress", "fromPort", 8080.0)
        .set("ingress", "toPort", 8080.0),
    lambda d: interface(d, "false"),
    lambda d: d.add("ping", INGRESS, {"ipProtocol": "icmp", "cidrIpv4": "0.0.0.0/0"}),
    lambda d: d.add("app", INGRESS, {"ipProtocol": "tcp", "fromPort": 8080.0, "toPort": 8080.0,
        "referencedSecurityGroupId": UNKNOWN}),
    lambda d: d.add("out", GROUP_RULE, {"type": "egress", "protocol": "-1",
        "cidrBlocks": ["0.0.0.0/0"]}),
    lambda d: d.set("https", "port", 8080.0).set("ingress-https", "fromPort", 8080.0)
        .set("ingress-https", "toPort", 8080.0)
        .set("http", "defaultActions.0.redirect.port", "8080"),
]  # fmt: skip
