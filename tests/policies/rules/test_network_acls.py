"""Network ACLs."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.network_acls import (
    ACL_RULE,
    EVERYTHING,
    INSIDE,
    WORLD,
    around,
    entry,
    sound,
)
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "network-acl-passes-traffic"
PRIVATE = ("subnet-a", "subnet-b")
PUBLIC = ("public-a", "public-b")
REPLIES = entry(110.0, 32768.0, 65535.0, WORLD)
REQUESTS = entry(100.0, 8080.0, 8080.0, INSIDE)
DATABASE = entry(120.0, 5432.0, 5432.0, INSIDE)


def border(draft, *subnets, **rules):
    around(draft, *subnets, **rules)
    return draft


def separate(draft, *rules):
    """An ACL whose rules are resources of their own: direction and entry."""
    around(draft, *PRIVATE, ingress=(), egress=())
    draft.leave_out("border", "ingress").leave_out("border", "egress")
    for number, (egress, given) in enumerate(rules):
        names = {"ruleNo": "ruleNumber", "action": "ruleAction"}
        own = {names.get(key, key): value for key, value in given.items()}
        draft.add(
            f"rule-{number}", ACL_RULE, {"networkAclId": Ref("border"), "egress": egress, **own}
        )
    return draft


def default(draft, **rules):
    """The VPC's default network ACL, as the program manages it."""
    given = {"defaultNetworkAclId": Ref("vpc", "defaultNetworkAclId"), **rules}
    return draft.add("default", "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", given)


def associated(draft, *rules):
    """An ACL that an association puts around one subnet."""
    around(draft, ingress=rules)
    given = {"networkAclId": Ref("border"), "subnetId": Ref("subnet-a")}
    draft.add("around", "aws:ec2/networkAclAssociation:NetworkAclAssociation", given)
    return draft.leave_out("border", "subnetIds")


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, default),
    (RULE, lambda d: separate(d, (False, EVERYTHING))),
    (RULE, lambda d: associated(d, REPLIES)),
    (RULE, lambda d: border(d, *PRIVATE, ingress=[REQUESTS, REPLIES], egress=[REPLIES])),
    (RULE, lambda d: border(d, *PRIVATE, ingress=[EVERYTHING, REPLIES], egress=[
        entry(10.0, 443.0, 443.0, WORLD, "deny"), EVERYTHING])),
    (RULE, lambda d: border(d, *PRIVATE, ingress=[{**REQUESTS, "protocol": "udp"}, REPLIES])),
    (RULE, lambda d: border(d, *PRIVATE, ingress=[entry(100.0, 8080.0, 8080.0, "10.99.0.0/16"),
        entry(110.0, 32768.0, 65535.0, WORLD)])),
    (RULE, lambda d: border(d, *PUBLIC, ingress=[EVERYTHING], egress=[
        entry(100.0, 443.0, 443.0, WORLD)])),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: sound(d) or d,
    lambda d: border(d, *PRIVATE, ingress=[REQUESTS, DATABASE, entry(130.0, 32768.0, 60999.0, WORLD)]),
    lambda d: separate(d, (False, REQUESTS), (False, REPLIES), (False, DATABASE), (True, EVERYTHING)),
    lambda d: associated(d, REQUESTS, REPLIES, DATABASE),
    lambda d: default(d, ingress=[EVERYTHING], egress=[EVERYTHING]),
    lambda d: border(d, *PUBLIC, ingress=[entry(50.0, 1.0, 65535.0, "203.0.113.0/24", "deny"),
        EVERYTHING]),
    lambda d: border(d, *PUBLIC, ingress=[entry(50.0, 3389.0, 3389.0, WORLD, "deny"), EVERYTHING]),
    lambda d: border(d, *PUBLIC, ingress=[entry(60.0, 80.0, 443.0, "198.51.100.0/24"),
        entry(70.0, 1024.0, 65535.0, WORLD), entry(80.0, 443.0, 443.0, INSIDE)]),
    # A listener for colleagues, whom the security group admits.
    lambda d: d.add("test", "aws:lb/listener:Listener", {"loadBalancerArn": Ref("load-balancer", "arn"),
        "port": 8443.0, "protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "certificateArn": "arn:aws:acm:ap-northeast-2:123456789012:certificate/" + "1" * 36,
        "defaultActions": [{"type": "forward", "targetGroupArn": Ref("target-group", "arn")}]}) and
        border(d.twin("ingress-https", "colleagues").set("colleagues", "fromPort", 8443.0)
        .set("colleagues", "toPort", 8443.0).set("colleagues", "cidrIpv4", "10.20.0.0/16"),
        *PUBLIC, ingress=[entry(100.0, 80.0, 443.0, WORLD), entry(110.0, 32768.0, 65535.0, WORLD)]),
    # Around the database alone.
    lambda d: border(d, "aws:ec2/subnet:Subnet::web-network-isolated-ap-northeast-2a",
        ingress=[entry(100.0, 5432.0, 5432.0, INSIDE)]),
    lambda d: around(d, ingress=()) or d,  # around no subnet
    lambda d: d.add("more", ACL_RULE, {"networkAclId": Ref("vpc", "defaultNetworkAclId"),
        "egress": False, "ruleNumber": 50.0, "ruleAction": "deny", "protocol": "tcp",
        "fromPort": 22.0, "toPort": 22.0, "cidrBlock": WORLD}),
]  # fmt: skip


@pytest.mark.parametrize(
    "rules",
    [
        UNKNOWN,
        [{**REQUESTS, "cidrBlock": UNKNOWN}, REPLIES],
        [
            REPLIES,
            DATABASE,
            *(entry(200.0, 8080.0, 8080.0, f"10.20.{one}.0/24") for one in (0, 16)),
        ],
    ],
)
def test_what_a_preview_does_not_know_is_not_decidable(rules):
    draft = border(Draft(), *PRIVATE, ingress=[EVERYTHING]).set("border", "ingress", rules)
    found = violations(draft, RULE)
    assert found
    assert all(one.undecided for one in found)


def test_one_fault_is_told_once_and_its_path_names_subnet_and_rule():
    draft = border(Draft(), *PRIVATE, ingress=[REQUESTS, DATABASE])
    (found,) = violations(draft, RULE)
    assert found.resource.name == "border"
    assert 'subnet "subnet-a"' in found.path
    assert "32768-60999" in found.what
    assert "no rule allows it" in found.path[-1]


def test_a_rule_before_the_one_that_denies_is_asked_for():
    draft = border(
        Draft(), *PRIVATE, ingress=[entry(50.0, 8080.0, 8080.0, WORLD, "deny"), EVERYTHING]
    )
    (found,) = violations(draft, RULE)
    assert "before rule 50" in found.remedy
