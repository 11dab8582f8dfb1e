"""The order of a listener's rules."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.listener_rules import API, SERVES, paths, second_group
from tests.policies.mutations.routing import add_rule, page
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

HOST = {"hostHeader": {"values": ["www.example.com"]}}


def rules(draft, *given):
    """Add rules by priority: action and conditions."""
    second_group(draft)
    for priority, (action, conditions) in enumerate(given, start=1):
        add_rule(draft, f"rule-{priority}", action, conditions, float(priority))
    return draft


def header(*values, name="X-Version"):
    return {"httpHeader": {"httpHeaderName": name, "values": list(values)}}


def query(key, value):
    return {"queryStrings": [{"key": key, "value": value}]}


# A change and the one rule that it breaks.
BREAKS = [
    ("listener-rules-in-order", lambda d: rules(d, (SERVES, paths("/a?c*")), (API, paths("/abc")))),
    ("listener-rules-in-order", lambda d: rules(d, (SERVES, paths("/a/*")), (SERVES, paths("/b/*")),
        (API, paths("/b/1", "/a/1")))),
    ("listener-rules-in-order", lambda d: rules(d, (SERVES, [HOST]), (API, [HOST, *paths("/x")]))),
    ("listener-rules-in-order", lambda d: rules(d, (SERVES, [header("2*", name="x-version")]),
        (API, [header("2.1"), HOST]))),
    ("listener-rules-in-order", lambda d: rules(d, (SERVES, [query("v", "*")]),
        (API, [query("v", "2")]))),
    ("listener-rules-in-order", lambda d: rules(d,
        (SERVES, [{"sourceIp": {"values": ["10.0.0.0/8"]}}]),
        (API, [{"sourceIp": {"values": ["10.1.0.0/16"]}}]))),
    ("listener-rules-in-order", lambda d: rules(d, (page("403"), paths("/api/*")),
        (API, paths("/api/*")))),
    ("listener-rules-in-order", lambda d: rules(d, (SERVES, paths("/api/*")),
        (API, [{"pathPattern": {"values": [], "regexValues": ["^/x"]}}]),
        (SERVES, [{"pathPattern": {"values": [], "regexValues": ["^/x"]}}]))),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: rules(d, (API, paths("/api/v2/*")), (SERVES, paths("/api/*"))),
    lambda d: rules(d, (SERVES, paths("/api/*")), (API, paths("/api", "/api/*"))),
    lambda d: rules(d, (SERVES, paths("/API/*")), (API, paths("/api/*"))),
    lambda d: rules(d, (SERVES, paths("/a?")), (API, paths("/a*"))),
    lambda d: rules(d, (SERVES, [HOST, *paths("/x/*")]), (API, [HOST])),
    lambda d: rules(d, (SERVES, [{"httpRequestMethod": {"values": ["GET"]}}]), (API, paths("/*"))),
    lambda d: rules(d, (SERVES, [HOST]), (API, [header("2")])),
    lambda d: rules(d, (SERVES, [header("2*")]), (API, [header("2", name="X-Other")])),
    lambda d: rules(d, (API, paths("/api/*")), (API, paths("/api/v2/*"))),
    lambda d: rules(d, (SERVES, paths("/*")), (page("503"), paths("/*"))),
    lambda d: rules(d, ({"type": "redirect", "redirect": {"path": "/new/#{path}",
        "statusCode": "HTTP_301"}}, paths("/api/*")), (API, paths("/api/v1/*"))),
    lambda d: rules(d, (SERVES, paths("/api/*")), (API, paths("/api/1")))
        .set("rule-2", "priority", UNKNOWN),
]  # fmt: skip


def test_the_rule_that_hides_is_named_with_what_it_does():
    draft = rules(Draft(), (SERVES, paths("/api/*")), (API, paths("/api/v2/*")))
    (found,) = violations(draft, "listener-rules-in-order")
    assert found.resource.name == "rule-2"
    assert 'rule "rule-1" before it' in found.what
    assert 'forwards to target group "target-group", port 8080' in found.what
