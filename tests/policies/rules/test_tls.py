"""TLS between visitors and the load balancer."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.mutations.listening import sends_away
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


# A change and the one rule that it breaks.
BREAKS = [
    ("elb-tls-listener", lambda d: d.drop("http").set("https", "protocol", "HTTP")
        .set("https", "certificateArn", ...)),
    ("elb-tls-listener", lambda d: d.drop("http").set("https", "protocol", UNKNOWN)
        .set("https", "certificateArn", ...)),
    ("alb-http-to-https", lambda d: d.set("http", "defaultActions.0.type", "fixed-response")),
    ("alb-http-to-https", lambda d: d.set("http", "defaultActions.0.type", UNKNOWN)),
    ("alb-http-to-https", lambda d: d.set("http", "defaultActions", UNKNOWN)),
    ("alb-http-to-https", lambda d: d.set("http", "defaultActions", ...)),
    ("alb-http-to-https", lambda d: d
        .set("http", "defaultActions.0.redirect", {"protocol": "HTTP"})),
    ("alb-http-to-https", lambda d: d.set("http", "defaultActions.0.redirect", UNKNOWN)),
    ("alb-http-to-https", lambda d: d.add("path", "aws:lb/listenerRule:ListenerRule",
        {"conditions": [{"pathPattern": {"values": ["/a"]}}], "listenerArn": UNKNOWN,
         "actions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
        {"listenerArn": ["http"], "actions": ["target-group"]})),
    ("alb-http-to-https", lambda d: d.drop("http").set("https", "protocol", "HTTP")
        .set("https", "certificateArn", ...)
        .add("certificate", "aws:acm/certificate:Certificate", {})),
    ("elb-tls-policy", lambda d: d.set("https", "sslPolicy", ...)),
    ("elb-tls-policy", lambda d: d.set("https", "sslPolicy", UNKNOWN)),
    ("elb-tls-policy", lambda d: d.set("https", "sslPolicy", "ELBSecurityPolicy-2016-08")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.drop("http"),
    # A balancer that sends everybody to another site needs no certificate.
    lambda d: sends_away(d.twin("load-balancer", "other"), "other"),
    lambda d: d.add("path", "aws:lb/listenerRule:ListenerRule", {"listenerArn": UNKNOWN,
        "conditions": [{"pathPattern": {"values": ["/a"]}}],
        "actions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]},
        {"listenerArn": ["http"]}),
]  # fmt: skip
