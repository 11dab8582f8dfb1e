"""Where listeners send requests: targets, pages of the load balancer's own, redirects."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.sign_in import reached
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

RULE = "aws:lb/listenerRule:ListenerRule"
PAGE = {"type": "fixed-response", "fixedResponse": {"statusCode": "404"}}
FORWARD = {"type": "forward", "targetGroupArn": UNKNOWN}


def rule(draft, name, action, priority=10.0, *, targets=(), **conditions):
    """Add a rule; `path=`, `host=` or `method=` give its conditions."""
    fields = {"path": "pathPattern", "host": "hostHeader", "method": "httpRequestMethod"}
    given = [{fields[name]: {"values": [value]}} for name, value in conditions.items()]
    properties = {
        "listenerArn": UNKNOWN, "priority": priority, "conditions": given, "actions": [action],
    }  # fmt: skip
    return draft.add(name, RULE, properties, {"listenerArn": ["https"], "actions": list(targets)})


def weights(draft, *given):
    """Forward to the good target group and to an empty one by these weights."""
    draft.twin("target-group", "green")
    draft.set("https", "defaultActions", [{"type": "forward", "forward": {
        "targetGroups": [{"arn": UNKNOWN, "weight": one} for one in given]}}])  # fmt: skip
    return draft.link("https", "defaultActions", "target-group", "green")


# A change and the one rule that it breaks.
BREAKS = [
    ("tg-has-targets", lambda d: weights(d, 90.0, 10.0)),
    ("tg-has-targets", lambda d: rule(d.twin("target-group", "api"), "api-rule", FORWARD,
        targets=["api"], path="/api/*")),
    ("tg-has-targets", lambda d: d.set("https", "defaultActions", [{"type": "forward",
        "forward": {"targetGroups": [{"arn": UNKNOWN, "weight": 0.0}]}}])),
    ("listener-no-maintenance-page", lambda d: rule(d, "page", PAGE, 1.0, path="*")),
    ("listener-no-maintenance-page", lambda d: rule(d, "page", PAGE, 1.0, host="*")),
    ("listener-no-maintenance-page", lambda d: rule(rule(d, "page", PAGE, 2.0, path="/*"),
        "api", FORWARD, 1.0, targets=["target-group"], path="/api/*")),
    ("listener-redirect-ends", lambda d: d.set("http", "defaultActions.0.redirect.port", "444")),
    ("listener-redirect-ends", lambda d: rule(d, "app", {"type": "redirect", "redirect":
        {"protocol": "HTTPS", "port": "443", "host": "#{host}", "path": "/x"}}, path="/*")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: rule(d.set("https", "defaultActions", [PAGE]), "all", FORWARD,
        targets=["target-group"], host="www.example.com"),
    lambda d: rule(d, "closed", PAGE, path="/admin/*"),
    lambda d: rule(d, "page", {"type": "fixed-response", "fixedResponse": {"statusCode": "503"}},
        host="maintenance.example.com"),
    lambda d: rule(d, "last", PAGE, 2.0, path="/*") and rule(d, "all", FORWARD, 1.0,
        targets=["target-group"], path="/*"),
    lambda d: rule(d, "unknown", PAGE, path=UNKNOWN),
    lambda d: rule(d, "www", {"type": "redirect", "redirect": {"host": "www.example.com"}},
        host="example.com"),
    lambda d: rule(d, "home", {"type": "redirect", "redirect": {"path": "/app"}}, path="/"),
    lambda d: reached(d) or d,
    lambda d: d.set("https", "defaultActions", UNKNOWN),
    lambda d: d.set("http", "defaultActions.0.redirect.port", UNKNOWN),
]  # fmt: skip


def test_which_half_of_a_pair_is_idle_is_not_decidable_in_a_preview():
    (found,) = violations(weights(Draft(), 100.0, 0.0), "tg-has-targets")
    assert found.undecided
    assert found.remedy


def test_the_group_that_lost_its_target_group_is_named_and_not_the_workers_beside_it():
    draft = Draft().twin("group", "workers").set("workers", "targetGroupArns", ...)
    assert not violations(draft, "asg-behind-listener")
    draft.set("group", "targetGroupArns", ...)
    (found,) = violations(draft, "asg-behind-listener")
    assert found.resource.name == "group"
    assert '"target-group"' in found.remedy


def test_the_path_of_a_violation_leads_from_the_listener_to_the_target_group():
    draft = rule(
        Draft().twin("target-group", "api"), "api-rule", FORWARD, targets=["api"], path="/api/*"
    )
    (found,) = violations(draft, "tg-has-targets")
    assert found.path == (
        'listener 443 ("https")', 'rule 10 ("api-rule")', 'target group "api", port 8080',
    )  # fmt: skip
