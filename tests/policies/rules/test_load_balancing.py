"""Load balancers and target groups."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, undecided
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


def nlb(draft):
    """A Network Load Balancer in front of the same fleet."""
    draft.set("load-balancer", "loadBalancerType", "network").drop("http")
    for prop in ("dropInvalidHeaderFields", "accessLogs"):
        draft.set("load-balancer", prop, ...)
    draft.set("https", "protocol", "TCP").set("https", "certificateArn", ...)
    return draft.set("https", "sslPolicy", ...).set("target-group", "protocol", "TCP")


# A change and the one rule that it breaks.
BREAKS = [
    ("elbv2-multi-az", lambda d: d.drop("load-balancer", "https", "http")),
    ("elbv2-multi-az", lambda d: d.set("load-balancer", "subnets", [UNKNOWN])),
    ("elbv2-multi-az", lambda d: d.link("load-balancer", "subnets", "public-b")),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck", ...)),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck", UNKNOWN)),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck.enabled", False)),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck.enabled", UNKNOWN)),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck.protocol", "TCP")),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck.protocol", UNKNOWN)),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck.path", ...)),
    ("tg-health-check-defined", lambda d: d.set("target-group", "healthCheck.path", UNKNOWN)),
    ("alb-drop-invalid-headers", lambda d: d.set("load-balancer", "dropInvalidHeaderFields", ...)),
    ("alb-drop-invalid-headers", lambda d: d.set("load-balancer", "dropInvalidHeaderFields", UNKNOWN)),
    ("alb-desync-mode", lambda d: d.set("load-balancer", "desyncMitigationMode", "monitor")),
    ("alb-desync-mode", lambda d: d.set("load-balancer", "desyncMitigationMode", UNKNOWN)),
    ("elb-deletion-protection", lambda d: d.set("load-balancer", "enableDeletionProtection", ...)),
    ("elb-deletion-protection", lambda d: d.set("load-balancer", "enableDeletionProtection", UNKNOWN)),
    ("elb-access-logs", lambda d: d.set("load-balancer", "accessLogs", ...)),
    ("elb-access-logs", lambda d: d.set("load-balancer", "accessLogs", UNKNOWN)),
    ("elb-access-logs", lambda d: d.set("load-balancer", "accessLogs.enabled", False)),
    ("elb-access-logs", lambda d: d.set("load-balancer", "accessLogs.enabled", ...)),
    ("elb-access-logs", lambda d: d.set("load-balancer", "accessLogs.enabled", UNKNOWN)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.leave_out("load-balancer", "subnets")
        .set("load-balancer", "subnetMappings", [{"subnetId": UNKNOWN}, {"subnetId": UNKNOWN}])
        .link("load-balancer", "subnetMappings", "public-a", "public-b"),
    lambda d: d.set("target-group", "healthCheck.protocol", ...),  # HTTP is the default
    lambda d: d.set("load-balancer", "desyncMitigationMode", "strictest"),
    lambda d: d.set("load-balancer", "loadBalancerType", "network")
        .set("load-balancer", "dropInvalidHeaderFields", ...).set("load-balancer", "accessLogs", ...)
        .set("https", "protocol", "TCP").set("https", "certificateArn", ...)
        .set("https", "sslPolicy", ...).drop("http").set("target-group", "protocol", "TCP"),
    lambda d: nlb(d).set("target-group", "healthCheck", {"protocol": "TCP"}),
    lambda d: nlb(d).set("target-group", "healthCheck", ...),
    lambda d: d.add("function", "aws:lb/targetGroup:TargetGroup", {"targetType": "lambda"})
        .add("invoke", "aws:lb/listenerRule:ListenerRule", {"listenerArn": UNKNOWN, "priority": 5.0,
             "conditions": [{"pathPattern": {"values": ["/report/*"]}}],
             "actions": [{"type": "forward", "targetGroupArn": UNKNOWN}]},
             {"listenerArn": ["https"], "actions": ["function"]})
        .add("register", "aws:lb/targetGroupAttachment:TargetGroupAttachment",
             {"targetGroupArn": UNKNOWN, "targetId": "arn:aws:lambda:eu-west-1:1:function:report"},
             {"targetGroupArn": ["function"]})
        .add("may", "aws:lambda/permission:Permission", {"action": "lambda:InvokeFunction",
             "function": "arn:aws:lambda:eu-west-1:1:function:report",
             "principal": "elasticloadbalancing.amazonaws.com"}),
    lambda d: d.set("target-group", "healthCheck.enabled", ...),
    lambda d: d.set("target-group", "healthCheck.protocol", "HTTPS")
        .set("target-group", "protocol", "HTTPS"),
    lambda d: d.add("workers", "aws:autoscaling/group:Group", {"healthCheckType": "EC2",
        "vpcZoneIdentifiers": [UNKNOWN, UNKNOWN], "mixedInstancesPolicy":
        {"launchTemplate": {"overrides": [{"instanceType": "a"}, {"instanceType": "b"}]}}},
        {"vpcZoneIdentifiers": ["subnet-a", "subnet-b"]}),
]  # fmt: skip


def test_an_internal_network_balancer_is_not_asked_what_only_an_application_balancer_has():
    draft = Draft().add("nlb", "aws:lb/loadBalancer:LoadBalancer",
        {"loadBalancerType": "network", "internal": True, "enableDeletionProtection": True,
         "subnets": [UNKNOWN, UNKNOWN]}, {"subnets": ["public-a", "public-b"]})  # fmt: skip
    assert undecided(draft) == {"elb-has-listener"}  # nothing refers to it
