"""The rule about filters on the way out: none of them stops everything that a network sends or asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, show

_FIREWALL = ("aws:networkfirewall/firewall:Firewall",)
_POLICY = ("aws:networkfirewall/firewallPolicy:FirewallPolicy",)
_DROP = "aws:drop"
_NAMES = "aws:route53/"
_NAME_RULES = (f"{_NAMES}resolverFirewallRule:ResolverFirewallRule",)
_NAME_LISTS = (f"{_NAMES}resolverFirewallDomainList:ResolverFirewallDomainList",)
_NAME_GROUPS = (f"{_NAMES}resolverFirewallRuleGroup:ResolverFirewallRuleGroup",)
_NAME_ASSOCIATIONS = (
    f"{_NAMES}resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation",
)
_EVERY_NAME = ("*", "*.")


def _dropping(policy: Resource) -> str | None:
    """Return what of a firewall policy drops every packet, `None` if nothing certainly does."""
    given = policy.get("firewallPolicy")
    stateless = dig(given, "statelessDefaultActions")
    groups = dig(given, "statelessRuleGroupReferences")
    if stateless is UNKNOWN or groups is UNKNOWN:
        return None
    if _DROP in items(stateless) and is_absent(groups):
        return f"stateless_default_actions is {show(_DROP)}, and no stateless rule group passes anything"
    stateful = dig(given, "statefulDefaultActions")
    rules = dig(given, "statefulRuleGroupReferences")
    if "aws:drop_strict" in items(stateful) and is_absent(rules) and rules is not UNKNOWN:
        return 'stateful_default_actions is "aws:drop_strict", and no stateful rule group passes anything'
    return None


def _packets(stack: Stack) -> Iterator[Violation]:
    for firewall in stack.of(_FIREWALL):
        found = stack.references(firewall, "firewallPolicyArn", _POLICY, ("arn", "id"))
        for policy in found.resources:
            why = _dropping(policy)
            if why is not None:
                yield Violation(
                    f'Nothing passes network firewall "{firewall.name}": {why}.',
                    policy,
                    (f'firewall "{firewall.name}"', f'policy "{policy.name}"', _DROP),
                    (
                        'set stateless_default_actions to ["aws:forward_to_sfe"], and name what is allowed '
                        "in stateful_rule_group_references."
                    ),
                )


def _priority(rule: Resource) -> Any:
    return rule.get("priority")


def _names(stack: Stack) -> Iterator[Violation]:
    for association in stack.of(_NAME_ASSOCIATIONS):
        groups = stack.references(association, "firewallRuleGroupId", _NAME_GROUPS, ("id",))
        vpcs = stack.references(association, "vpcId", tokens.VPC, ("id",)).resources
        for group in groups.resources:
            blocking = _blocks_all(stack, group)
            if blocking is not None:
                network = f'VPC "{vpcs[0].name}"' if vpcs else "the network"
                yield Violation(
                    f"{network[0].upper()}{network[1:]} resolves no name, neither the database's nor "
                    f'those of AWS: rule "{blocking.name}" blocks every domain, and no rule before it '
                    "allows one.",
                    blocking,
                    (network, f'rule group "{group.name}"', f'rule "{blocking.name}"', "*"),
                    (
                        "list the domains to block in the aws.route53.ResolverFirewallDomainList, or add a "
                        "ResolverFirewallRule with action ALLOW and a lower priority for those that are "
                        "needed."
                    ),
                )


def _blocks_all(stack: Stack, group: Resource) -> Resource | None:
    """Return the rule that blocks every name, `None` where an earlier one allows some."""
    own = [
        one
        for one in stack.of(_NAME_RULES)
        if group in stack.references(one, "firewallRuleGroupId", _NAME_GROUPS, ("id",)).resources
    ]
    if any(not isinstance(_priority(one), float | int) for one in own):
        return None
    for rule in sorted(own, key=_priority):
        if rule.get("action") != "BLOCK":
            return None  # it allows names, or may
        lists = stack.references(rule, "firewallDomainListId", _NAME_LISTS, ("id",)).resources
        if any(domain in _EVERY_NAME for one in lists for domain in items(one.get("domains"))):
            return rule
    return None


def _check(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from _packets(stack)
    yield from _names(stack)


PASSES = StackRule(
    id="network-filters-pass",
    title="No firewall stops everything that a network sends or looks up",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL02-BP01", "SEC05-BP02")},
    url="https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateless-default-actions.html",
    remedy="let the firewall pass what the service needs, and stop the rest.",
    steps=(
        'Network Firewall: stateless_default_actions=["aws:forward_to_sfe"], and stateful rules.',
        "DNS Firewall: rules that allow, at lower priorities than the one that blocks *.",
    ),
    unknown="Rule groups that the preview does not know, or of another stack, may pass what is needed.",
    check=_check,
)

RULES = (PASSES,)
