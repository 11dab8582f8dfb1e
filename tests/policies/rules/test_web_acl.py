"""Web application firewalls."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.web_acl import VISIBLE, before
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


def acl(draft, **properties):
    before(draft, **properties)
    return draft


BREAKS = [
    ("waf-admits-visitors", lambda d: before(d, defaultAction=BLOCK, rules=[rule({"count": {}})])),
    ("waf-admits-visitors", lambda d: before(d, defaultAction=BLOCK, rules=[])),
]

KEEPS = [
    lambda d: acl(d, defaultAction={"allow": {}}),
    lambda d: acl(d, defaultAction=BLOCK, rules=[rule({"allow": {}})]),
    lambda d: acl(d, defaultAction=BLOCK, rules=UNKNOWN),
    lambda d: acl(d, defaultAction=BLOCK, ruleJson="[]"),
    lambda d: acl(
        d,
        defaultAction=BLOCK,
        rules=[rule(None, {"ruleGroupReferenceStatement": {"arn": "arn:aws:wafv2:x:1:g"}})],
    ),
]
