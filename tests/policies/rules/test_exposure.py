"""Ways around the load balancer, and to the data."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.data_stores import sound_cache, sound_cluster
from tests.policies.mutations.exposure import DEFAULT, GROUP, INGRESS, INSTANCES, SUBNETS
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ISOLATED = "aws:ec2/subnet:Subnet::web-network-isolated-ap-northeast-2"


def admits(**rule):
    properties = {"ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0, **rule}
    return lambda d: d.add("further", INGRESS, {"securityGroupId": Ref(INSTANCES), **properties})


def reached(draft, port):
    """Instances and a store whose groups know each other."""
    draft.add("door", GROUP, {"vpcId": Ref("vpc")})
    tcp = {"ipProtocol": "tcp", "fromPort": port, "toPort": port}
    draft.add("in", INGRESS, {"securityGroupId": Ref("door"), **tcp,
        "referencedSecurityGroupId": Ref(INSTANCES)})  # fmt: skip
    return draft.add("out", EGRESS, {"securityGroupId": Ref(INSTANCES), **tcp,
        "referencedSecurityGroupId": Ref("door")})  # fmt: skip


def with_cluster(draft):
    inside = {"vpcSecurityGroupIds": [Ref("door")], "dbSubnetGroupName": Ref(SUBNETS, "name")}
    sound_cluster(reached(draft, 5432.0), **inside)
    return draft


def with_cache(draft, port=6379.0):
    sound_cache(reached(draft, port), securityGroupIds=[Ref("door")])
    return draft


# A change and the one rule that it breaks.
BREAKS = [
    ("elb-not-bypassed", admits(cidrIpv6="::/0")),
    ("elb-not-bypassed", admits(fromPort=80.0, toPort=80.0, cidrIpv4="0.0.0.0/0")),
    ("data-store-reachable", lambda d: with_cache(d, 11211.0)),
    (
        "rds-private-subnets",
        lambda d: d.set(SUBNETS, "subnetIds", [Ref("public-a"), Ref("public-b")]),
    ),
]

# A change that breaks nothing.
KEEPS = [
    admits(cidrIpv4="10.20.0.0/16"),
    admits(cidrIpv4="203.0.113.7/32"),
    lambda d: d.set(SUBNETS, "subnetIds", [Ref(f"{ISOLATED}a"), Ref(f"{ISOLATED}c")]),
    with_cluster,
    with_cache,
    lambda d: d.add("default", DEFAULT, {"vpcId": UNKNOWN}),
]


def test_a_subnet_of_another_stack_is_undecided():
    draft = Draft().set(SUBNETS, "subnetIds", ["subnet-1", "subnet-2"])
    (found,) = violations(draft, "rds-private-subnets")
    assert found.undecided
    assert found.remedy


def test_the_path_begins_at_the_internet():
    draft = Draft()
    admits(cidrIpv4="0.0.0.0/0")(draft)
    (found,) = violations(draft, "elb-not-bypassed")
    assert found.path[0] == "the internet"


def test_beside_functions_it_is_not_judged():
    draft = with_cache(Draft(), 11211.0).add("f", "aws:lambda/function:Function", {"role": UNKNOWN})
    assert not violations(draft, "data-store-reachable")
