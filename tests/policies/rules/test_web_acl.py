"""Web application firewalls."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.web_acl import RATE, VISIBLE, before, counted
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

BLOCK = {"block": {}}


def rule(action, statement=None):
    return {
        "name": "r",
        "priority": 1.0,
        "action": action,
        "statement": statement or {"geoMatchStatement": {"countryCodes": ["IE"]}},
        "visibilityConfig": VISIBLE,
    }


def paths(begin):
    match = {"searchString": begin, "positionalConstraint": "STARTS_WITH"}
    return {"byteMatchStatement": {**match, "fieldToMatch": {"uriPath": {}}}}


def acl(draft, **properties):
    before(draft, **properties)
    return draft


def grouped(draft, **statement):
    """The rule that counts is in a rule group."""
    counted(draft)
    rate = {"rateBasedStatement": {**RATE, **statement}}
    kind = "aws:wafv2/ruleGroup:RuleGroup"
    draft.add("limits", kind, {"scope": "REGIONAL", "rules": [rule({"block": {}}, rate)]})
    draft.set("acl", "rules", [rule(None, {"ruleGroupReferenceStatement": {"arn": UNKNOWN}})])
    draft.link("acl", "rules", "limits")
    return draft


def change(draft, *args, **statement):
    counted(draft, *args, **statement)
    return draft


def without_cloudfront(draft):
    counted(draft)
    return draft.drop("edge")


BREAKS = [
    ("waf-admits-visitors", lambda d: before(d, defaultAction=BLOCK, rules=[rule({"count": {}})])),
    ("waf-admits-visitors", lambda d: before(d, defaultAction=BLOCK, rules=[])),
    ("waf-admits-visitors", lambda d: acl(d, defaultAction=BLOCK, ruleJson="[]")),
    ("waf-counts-visitors", lambda d: counted(d, aggregateKeyType="IP")),
    (
        "waf-counts-visitors",
        lambda d: counted(d, aggregateKeyType="CUSTOM_KEYS", customKeys=[{"ip": {}}]),
    ),
    ("waf-counts-visitors", grouped),
]

KEEPS = [
    lambda d: acl(d, defaultAction={"allow": {}}),
    lambda d: acl(d, defaultAction=BLOCK, rules=[rule({"allow": {}})]),
    lambda d: acl(d, defaultAction=BLOCK, rules=UNKNOWN),
    lambda d: acl(d, defaultAction=BLOCK, ruleJson='[{"Action": {"Allow": {}}}]'),
    lambda d: acl(d, defaultAction={"allow": {}}, rules=[rule({"block": {}}, paths("/admin"))]),
    lambda d: acl(
        d,
        defaultAction=BLOCK,
        rules=[rule(None, {"ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:x:1:g"}})],
    ),
    lambda d: change(d, {"count": {}}),
    lambda d: change(d, aggregateKeyType="FORWARDED_IP"),
    lambda d: change(
        d, aggregateKeyType="CUSTOM_KEYS", customKeys=[{"ip": {}}, {"header": {"name": "x-user"}}]
    ),
    lambda d: grouped(d, aggregateKeyType="FORWARDED_IP"),
    without_cloudfront,
]
