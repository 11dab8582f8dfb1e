"""Filters of a network: what passes."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.network_filters import names
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def firewall(**policy):
    """A network firewall with a policy of its own."""

    def change(draft):
        given = {"name": "filter", "firewallPolicy": policy}
        draft.add("policy", "aws:networkfirewall/firewallPolicy:FirewallPolicy", given)
        wall = {
            "firewallPolicyArn": Ref("policy", "arn"),
            "vpcId": Ref("vpc"),
            "subnetMappings": [{"subnetId": Ref("subnet-a")}, {"subnetId": Ref("subnet-b")}],
        }
        return draft.add("wall", "aws:networkfirewall/firewall:Firewall", wall)

    return change


def allowing(priority):
    """A rule that allows some names, beside one that blocks all."""

    def change(draft):
        names(draft, "*")
        kind = "aws:route53/resolverFirewall"
        listed = {"name": "needed", "domains": ["*.amazonaws.com."]}
        draft.add("needed", f"{kind}DomainList:ResolverFirewallDomainList", listed)
        rule = {
            "name": "allow",
            "action": "ALLOW",
            "firewallDomainListId": Ref("needed"),
            "firewallRuleGroupId": Ref("filter"),
            "priority": priority,
        }
        return draft.add("allow", f"{kind}Rule:ResolverFirewallRule", rule)

    return change


DROP, PASS = ["aws:drop"], ["aws:forward_to_sfe"]
GROUP = [{"priority": 1, "resourceArn": "arn:aws:network-firewall:x:1:stateless-rulegroup/a"}]

BREAKS = [
    ("network-filters-pass", firewall(statelessDefaultActions=DROP)),
    (
        "network-filters-pass",
        firewall(statelessDefaultActions=PASS, statefulDefaultActions=["aws:drop_strict"]),
    ),
    ("network-filters-pass", allowing(300)),
]

KEEPS = [
    firewall(statelessDefaultActions=PASS),
    firewall(statelessDefaultActions=DROP, statelessRuleGroupReferences=GROUP),
    allowing(50),
]
