"""Connections for as many instances as there may be."""

from __future__ import annotations

from guardrails.catalogue import RULES
from guardrails.model import Settings
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.database_connections import limited
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
]

ID = "database-connections-suffice"
(RULE,) = (one for one in RULES if one.id == ID)


def most(value):
    def change(draft):
        limited(draft, value)
        return draft

    return change


BREAKS = [(ID, most("11"))]  # the fleet may have 9 instances, and 3 are kept
UNDECIDED = [(ID, most("12")), (ID, most("60"))]
KEEPS = [
    most("93"),
    most("LEAST({DBInstanceClassMemory/9531392},5000)"),
    most(UNKNOWN),
]


def test_the_size_of_a_pool_decides_it():
    def found(value, pool):
        stack = most(value)(Draft()).build()
        given = Settings({"connectionsPerInstance": 0}, {"connectionsPerInstance": pool})
        return [one.undecided for one in RULE.check(stack, given)]

    assert found("47", 5) == [False]
    assert found("48", 5) == []


def test_a_proxy_shares_connections_among_its_clients():
    draft = most("8")(Draft())
    draft.add("pooler", "aws:rds/proxy:Proxy", {"requireTls": True, "engineFamily": "POSTGRESQL"})
    draft.add(
        "to-database",
        "aws:rds/proxyTarget:ProxyTarget",
        {"dbProxyName": UNKNOWN, "dbInstanceIdentifier": UNKNOWN},
        {"dbProxyName": ["pooler"], "dbInstanceIdentifier": ["database"]},
    )
    assert not violations(draft, ID)
