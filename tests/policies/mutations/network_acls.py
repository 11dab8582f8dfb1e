"""What breaks the rule about network ACLs."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, breaks, decides

ACL, ACL_RULE = "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/networkAclRule:NetworkAclRule"
INSIDE, WORLD = "10.20.0.0/16", "0.0.0.0/0"


def entry(number, first, last, source, action="allow"):
    return {
        "ruleNo": number,
        "action": action,
        "protocol": "tcp",
        "fromPort": first,
        "toPort": last,
        "cidrBlock": source,
    }


EVERYTHING = {
    "ruleNo": 100,
    "action": "allow",
    "protocol": "-1",
    "fromPort": 0,
    "toPort": 0,
    "cidrBlock": WORLD,
}


def around(stack, *subnets, ingress, egress=(EVERYTHING,)):
    """Put a network ACL around subnets."""
    properties = {
        "vpcId": Ref("vpc"),
        "subnetIds": [Ref(one) for one in subnets],
        "ingress": list(ingress),
        "egress": list(egress),
    }
    stack.add("border", ACL, properties)


def sound(stack):
    """Put one around the private subnets that lets through what is needed."""
    requests, replies = entry(100, 1, 65535, INSIDE), entry(110, 1024, 65535, WORLD)
    around(stack, "subnet-a", "subnet-b", ingress=[requests, replies])


decides(
    "network-acl-passes-traffic", "border", "ingress", absent=BREAKS, unknown=BREAKS, given=sound
)


@breaks("network-acl-passes-traffic")
def replies_to_instances_are_denied(stack):
    around(stack, "subnet-a", "subnet-b", ingress=[entry(100, 1, 65535, INSIDE)])


@breaks("network-acl-passes-traffic")
def replies_to_the_load_balancer_are_denied(stack):
    visitors = [entry(100 + port, port, port, WORLD) for port in (80, 443)]
    around(stack, "public-a", "public-b", ingress=visitors)


@breaks("network-acl-passes-traffic")
def requests_are_denied_before_they_are_allowed(stack):
    sound(stack)
    stack.add(
        "deny",
        ACL_RULE,
        {
            "networkAclId": Ref("border"),
            "ruleNumber": 50,
            "ruleAction": "deny",
            "protocol": "tcp",
            "fromPort": 8080,
            "toPort": 8080,
            "cidrBlock": WORLD,
        },
    )


@breaks("network-acl-passes-traffic")
def visitors_are_let_in_on_another_port(stack):
    ports = [entry(100, 443, 443, WORLD), entry(110, 1024, 65535, WORLD)]
    around(stack, "public-a", "public-b", ingress=[ports[0], ports[1]])
