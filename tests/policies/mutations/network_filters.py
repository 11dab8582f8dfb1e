"""What breaks the rule about filters of a network."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

DNS = "aws:route53/resolverFirewall"


def names(stack, *domains: str):
    """Let a DNS firewall block domains in the network."""
    listed = {"name": "blocked", "domains": list(domains or ("malware.example.com.",))}
    stack.add("blocked", f"{DNS}DomainList:ResolverFirewallDomainList", listed)
    stack.add("filter", f"{DNS}RuleGroup:ResolverFirewallRuleGroup", {"name": "filter"})
    stack.add(
        "block",
        f"{DNS}Rule:ResolverFirewallRule",
        {
            "name": "block",
            "action": "BLOCK",
            "blockResponse": "NXDOMAIN",
            "firewallDomainListId": Ref("blocked"),
            "firewallRuleGroupId": Ref("filter"),
            "priority": 100,
        },
    )
    stack.add(
        "filtered",
        f"{DNS}RuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
        {
            "name": "filtered",
            "firewallRuleGroupId": Ref("filter"),
            "priority": 200,
            "vpcId": Ref("vpc"),
        },
    )


@breaks("network-filters-pass")
def every_name_blocked(stack):
    names(stack, "*")


decides("network-filters-pass", "blocked", "domains", absent=KEEPS, unknown=KEEPS, given=names)
