"""What Elastic Load Balancing refuses about load balancers, listeners and rules."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules import test_entrance_refusals
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


RULE = "elbv2-accepted"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
FORWARD = [{"type": "forward", "targetGroupArn": UNKNOWN}]


def network(draft, **changes):
    """A network load balancer beside the stack's own."""
    properties = {"loadBalancerType": "network", "internal": True, **changes}
    return draft.add("nlb", BALANCER, properties)


def listener(draft, balancer="nlb", **changes):
    properties = {
        "loadBalancerArn": UNKNOWN,
        "port": 5000.0,
        "protocol": "TCP",
        "defaultActions": FORWARD,
        **changes,
    }
    sources = {"loadBalancerArn": [balancer], "defaultActions": ["target-group"]}
    return draft.add("listener", LISTENER, properties, sources)


def rule(draft, name="rule", **changes):
    properties = {
        "listenerArn": UNKNOWN,
        "priority": 10.0,
        "conditions": [{"pathPattern": {"values": ["/api/*"]}}],
        "actions": FORWARD,
        **changes,
    }
    sources = {"listenerArn": ["https"], "actions": ["target-group"]}
    return draft.add(name, LISTENER_RULE, properties, sources)


def tasks(draft, **changes):
    """A service of containers behind the stack's target group."""
    properties = {
        "loadBalancers": [{"targetGroupArn": UNKNOWN, "containerPort": 8080.0}],
        "networkConfiguration": {"subnets": [UNKNOWN]},
        **changes,
    }
    given = {name: value for name, value in properties.items() if value is not ...}
    sources = {"loadBalancers": ["target-group"]}
    return draft.add("tasks", "aws:ecs/service:Service", given, sources)


def _set(handle, path, value):
    return RULE, lambda d: d.set(handle, path, value)


# A change and the one rule that it breaks.
BREAKS = [
    _set("load-balancer", "name", "internal-web"),
    _set("load-balancer", "name", "a-load-balancer-with-a-very-long-name"),
    _set("load-balancer", "idleTimeout", 5000.0),
]

REFUSED = {RULE: [
    lambda d: d.set("public-b", "cidrBlock", "10.20.200.0/28"),
    lambda d: network(d, loadBalancerType="gateway", securityGroups=["sg-1"]),
    lambda d: network(d, subnetMappings=[{"subnetId": "subnet-1", "allocationId": "eipalloc-1"}]),
    lambda d: network(d, loadBalancerType="classic"),
    lambda d: listener(d, "load-balancer", protocol="HTTP", port=80.0),
    lambda d: listener(d, "load-balancer", protocol="HTTP", port=70000.0),
    lambda d: d.set("https", "port", 80.0),
    lambda d: listener(network(d), protocol="HTTP"),
    lambda d: listener(d, "load-balancer", protocol="TCP"),
    lambda d: d.set("target-group", "protocol", "TCP"),
    lambda d: listener(d, "load-balancer", protocol="HTTP", defaultActions=[{"type": "forward"}]),
    lambda d: d.set("http", "certificateArn", "arn:aws:acm:eu-west-1:1:certificate/1"),
    lambda d: rule(d, priority=60000.0),
    lambda d: rule(d, conditions=[{"pathPattern": {"values": ["/a"]}, "hostHeader":
        {"values": ["a.example.com"]}}]),
    lambda d: rule(d, conditions=[{"pathPattern": {"values": list("abcdef")}}]),
    lambda d: rule(d, actions=[{"type": "forward", "forward": {"targetGroups":
        [{"arn": UNKNOWN, "weight": 1000.0}]}}]),
    lambda d: listener(d, "load-balancer", protocol="HTTP", port=8081.0)
        .set("target-group", "protocolVersion", "GRPC"),
    tasks,
    lambda d: tasks(d, launchType="FARGATE", networkConfiguration=...),
    *test_entrance_refusals.REFUSED[RULE],
]}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("load-balancer", "name", "web"),
    lambda d: d.set("https", "certificateArn", UNKNOWN),
]

SOUND = {RULE: [
    network,
    lambda d: network(d, internal=False, subnetMappings=[{"subnetId": UNKNOWN,
        "allocationId": UNKNOWN}]),
    lambda d: listener(network(d), defaultActions=[{"type": "forward", "targetGroupArn":
        "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b"}]),
    lambda d: listener(d, "load-balancer", protocol="HTTP", port=8080.0),
    lambda d: rule(rule(d), "other", priority=20.0),
    lambda d: rule(d, priority=UNKNOWN),
    lambda d: tasks(d, networkConfiguration=...),
    lambda d: tasks(d.set("target-group", "targetType", "ip")),
    lambda d: rule(d, actions=[{"type": "fixed-response", "fixedResponse":
        {"contentType": "text/plain", "statusCode": "404"}}]),
]}  # fmt: skip
