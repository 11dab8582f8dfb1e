"""What Elastic Load Balancing refuses about a target group."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_not_refused",
    "test_it_is_refused",
]


RULE = "tg-accepted"


def tcp(draft, **changes):
    """A target group of a network load balancer, which nothing forwards to."""
    properties = {
        "port": 5000.0,
        "protocol": "TCP",
        "vpcId": UNKNOWN,
        "healthCheck": {"protocol": "TCP", "interval": 10.0, "timeout": 10.0},
        **changes,
    }
    given = {name: value for name, value in properties.items() if value is not ...}
    return draft.add("stream", "aws:lb/targetGroup:TargetGroup", given, {"vpcId": ["vpc"]})


def stream(changes):
    return lambda draft: tcp(draft, **changes)


def changed(path, value):
    return lambda draft: draft.set("target-group", path, value)


# A change and the one rule that it breaks.
BREAKS = [
    (RULE, changed("slowStart", 10.0)),
    (RULE, changed("namePrefix", "web-application")),
]

REFUSED = {RULE: [
    changed("healthCheck.timeout", 1.0),
    changed("healthCheck.timeout", ...),
    changed("healthCheck.interval", 301.0),
    changed("healthCheck.healthyThreshold", 11.0),
    changed("healthCheck.unhealthyThreshold", 1.0),
    changed("deregistrationDelay", 4000.0),
    changed("name", "-web"),
    changed("port", 70000.0),
    changed("stickiness", {"type": "source_ip", "enabled": True}),
    changed("stickiness", {"type": "app_cookie", "enabled": True}),
    changed("stickiness", {"type": "app_cookie", "cookieName": "AWSALB", "enabled": True}),
    changed("stickiness", {"type": "lb_cookie", "enabled": True, "cookieDuration": 700000.0}),
    lambda d: d.set("target-group", "loadBalancingCrossZoneEnabled", "false")
        .set("target-group", "stickiness", {"type": "lb_cookie", "enabled": True}),
    stream({"healthCheck": {"protocol": "TCP", "matcher": "200"}}),
    stream({"healthCheck": {"protocol": "UDP"}}),
    stream({"protocol": "SCTP"}),
    stream({"protocol": "GENEVE", "port": 80.0}),
    stream({"targetType": "alb", "protocol": "HTTP", "healthCheck": {"protocol": "HTTP", "path": "/"}}),
    stream({"port": ...}),
    stream({"protocol": "TLS", "stickiness": {"type": "source_ip", "enabled": True}}),
    stream({"loadBalancingAnomalyMitigation": "on"}),
]}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("target-group", "slowStart", 60.0)
        .set("target-group", "loadBalancingAlgorithmType", "round_robin"),
    lambda d: d.set("target-group", "slowStart", 0.0),
    lambda d: d.set("target-group", "slowStart", UNKNOWN),
    lambda d: d.set("target-group", "loadBalancingAnomalyMitigation", "on")
        .set("target-group", "loadBalancingAlgorithmType", "weighted_random"),
    lambda d: d.set("target-group", "stickiness", {"type": "source_ip", "enabled": False}),
]  # fmt: skip

SOUND = {
    RULE: [
        stream({}),
        stream({"healthCheck": {"protocol": "HTTP", "path": "/", "matcher": "200-599"}}),
        stream({"stickiness": {"type": "source_ip", "enabled": True}}),
        stream(
            {"targetType": "lambda", "port": ..., "protocol": ..., "vpcId": ..., "healthCheck": ...}
        ),
        stream({"targetType": "ip"}),
        stream({"targetType": "alb"}),
    ]
}
