"""What visitors send passes the edge."""

from __future__ import annotations

from tests.policies.mutations.edge_methods import EVERYTHING, behaves, forms
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

READS = ["GET", "HEAD", "OPTIONS"]


def reads(draft, **asked):
    if asked:
        forms(draft, **asked)
    behaves(draft, READS)


def writes(draft):
    forms(draft)
    behaves(draft, EVERYTHING)
    return draft


BREAKS = [
    ("edge-passes-writes", lambda d: reads(d, pathPattern={"values": ["/account/login"]})),
    ("edge-passes-writes", lambda d: reads(d, pathPattern={"values": ["/users/sign_in*"]})),
    ("edge-passes-writes", lambda d: reads(d, httpRequestMethod={"values": ["GET", "PUT"]})),
]
KEEPS = [writes]
UNDECIDED = [
    ("edge-passes-writes", reads),
    ("edge-passes-writes", lambda d: reads(d, pathPattern={"values": ["/catalogue/*"]})),
]
