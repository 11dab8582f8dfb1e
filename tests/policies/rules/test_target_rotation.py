"""How targets leave, and how requests are kept on them."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, broken, violations
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def small(draft):
    """Three instances in two zones."""
    return draft.set("group", "minSize", 3.0)


def network_balancer(draft, **settings):
    """A Network Load Balancer before the group."""
    for prop in ("dropInvalidHeaderFields", "accessLogs"):
        draft.set("load-balancer", prop, ...)
    draft.set("load-balancer", "loadBalancerType", "network").drop("http")
    for prop in ("certificateArn", "sslPolicy"):
        draft.set("https", prop, ...)
    draft.set("https", "protocol", "TCP").set("target-group", "protocol", "TCP")
    for prop, value in settings.items():
        draft.set("load-balancer", prop, value)
    return draft


# A change and the one rule that it breaks.
BREAKS = [
    ("tg-failing-target-leaves", lambda d: d.set("target-group", "healthCheck.interval", 60.0)
        .set("target-group", "healthCheck.unhealthyThreshold", 3.0)),
    ("tg-failing-target-leaves", lambda d: d
        .set("target-group", "healthCheck.unhealthyThreshold", UNKNOWN)),
    ("tg-deregistration-delay", lambda d: d.set("target-group", "deregistrationDelay", 4.0)),
    ("tg-deregistration-delay", lambda d: d.set("target-group", "deregistrationDelay", 1801.0)),
    ("tg-stickiness-moderate", lambda d: d.set("target-group", "stickiness",
        {"type": "app_cookie", "cookieName": "session", "cookieDuration": 86401.0})),
    ("tg-cross-zone", lambda d: small(d)
        .set("target-group", "loadBalancingCrossZoneEnabled", "false")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("target-group", "healthCheck.interval", 30.0)
        .set("target-group", "healthCheck.unhealthyThreshold", 5.0),
    lambda d: d.set("target-group", "healthCheck.interval", ...)
        .set("target-group", "healthCheck.unhealthyThreshold", ...)
        .set("target-group", "healthCheck.timeout", UNKNOWN),
    lambda d: d.set("target-group", "deregistrationDelay", ...),
    lambda d: d.set("target-group", "deregistrationDelay", 1800.0),
    lambda d: d.set("target-group", "stickiness", {"type": "lb_cookie", "cookieDuration": 86400.0}),
    lambda d: d.set("target-group", "stickiness",
        {"type": "lb_cookie", "enabled": False, "cookieDuration": 604800.0}),
    lambda d: d.set("target-group", "stickiness", {"type": "lb_cookie"}),
    lambda d: d.set("target-group", "loadBalancingCrossZoneEnabled", "false"),
    lambda d: small(d).set("target-group", "loadBalancingCrossZoneEnabled",
                           "use_load_balancer_configuration"),
]  # fmt: skip


def test_a_network_load_balancer_is_zonal_by_default():
    assert violations(network_balancer(small(Draft())), "tg-cross-zone")
    both = network_balancer(small(Draft()), enableCrossZoneLoadBalancing=True)
    assert not violations(both, "tg-cross-zone")
    assert not violations(network_balancer(Draft()), "tg-cross-zone")


def test_functions_do_not_drain():
    draft = Draft().twin("target-group", "function").set("function", "targetType", "lambda")
    draft.set("function", "deregistrationDelay", 0.0).set("function", "healthCheck.interval", 300.0)
    assert not violations(draft, "tg-deregistration-delay")
    assert not violations(draft, "tg-failing-target-leaves")


def test_the_remedy_ends_it():
    draft = Draft().set("target-group", "healthCheck.interval", 120.0)
    draft.set("target-group", "healthCheck.unhealthyThreshold", 10.0)
    (found,) = violations(draft, "tg-failing-target-leaves")
    assert found.path == ("interval 120", "unhealthy_threshold 10", "timeout 2")
    draft.set("target-group", "healthCheck.interval", 10.0)
    draft.set("target-group", "healthCheck.timeout", 5.0)
    assert not broken(draft.set("target-group", "healthCheck.unhealthyThreshold", 2.0))
