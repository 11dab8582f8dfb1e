"""Where AWS accepts resources."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.containers import BOTH, service
from tests.policies.mutations.fleet_network import codedeploy_endpoint
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_refused",
]

RULE = "vpc-accepted"
GROUP = "aws:ec2/securityGroup:SecurityGroup"


def other_vpc(draft, group, **more):
    """Move a security group into another VPC."""
    draft.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.99.0.0/16", **more})
    return draft.set(group, "vpcId", Ref("other-vpc"))


def endpoint(draft, **more):
    codedeploy_endpoint(draft, **more)
    return draft.set("endpoint-group", "ingress", [{"protocol": "tcp", "fromPort": 443.0,
        "toPort": 443.0, "cidrBlocks": ["10.20.0.0/16"]}])  # fmt: skip


def tasks_elsewhere(draft):
    own = {"subnets": BOTH, "securityGroups": [Ref("tasks-group")]}
    service(draft, networkConfiguration=own)
    draft.twin("instances-group", "tasks-group")
    for name in ("from-balancer", "to-https"):
        draft.twin(name, f"tasks-{name}").link(f"tasks-{name}", "securityGroupId", "tasks-group")
    draft.twin("to-instances", "to-tasks").link(
        "to-tasks", "referencedSecurityGroupId", "tasks-group"
    )
    return other_vpc(draft, "tasks-group")


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, lambda d: d.set("security-group", "vpcId", "vpc-9").set("vpc", "id", "vpc-1")),
    (RULE, lambda d: other_vpc(d, "database-group")),
    (RULE, lambda d: other_vpc(endpoint(d), "endpoint-group")),
    (RULE, lambda d: endpoint(d).set("vpc", "enableDnsSupport", False)),
    (RULE, lambda d: endpoint(d).leave_out("vpc", "enableDnsHostnames")),
    (RULE, tasks_elsewhere),
]  # fmt: skip

REFUSED = {RULE: [
    lambda d: d.add("tool", "aws:ec2/instance:Instance", {"subnetId": Ref("subnet-a"),
        "vpcSecurityGroupIds": [Ref("database-group")]}) and other_vpc(d, "database-group"),
]}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    endpoint,
    lambda d: d.set("security-group", "vpcId", UNKNOWN).link("security-group", "vpcId"),
    lambda d: d.set("vpc", "id", "vpc-1").set("security-group", "vpcId", "vpc-1"),
    lambda d: d.set("security-group", "vpcId", UNKNOWN).link("security-group", "vpcId", "subnet-a"),
    lambda d: d.add("alone", GROUP, {"vpcId": "vpc-9"}),
    lambda d: d.set("vpc", "enableDnsHostnames", False),
]


def test_both_vpcs_are_named():
    (found,) = violations(other_vpc(Draft(), "security-group"), RULE)
    assert 'VPC "other-vpc"' in found.what
    assert 'VPC "vpc"' in found.what
