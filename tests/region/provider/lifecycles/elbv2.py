"""Load balancers, target groups, listeners and rules."""

from __future__ import annotations

from tests.region.provider.lifecycles.case import Case

CASES = [
    Case(
        "aws:lb/loadBalancer:LoadBalancer",
        lambda w: {"subnets": w.subnets, "securityGroups": [w.group], "tags": {"a": "1"}},
        lambda w: {
            "idleTimeout": 30,
            "dropInvalidHeaderFields": True,
            "xffHeaderProcessingMode": "preserve",
            "enableZonalShift": True,
            "securityGroups": [w.other_group],
            "subnets": [w.subnet("a"), w.subnet("c")],
            "tags": {"b": "2"},
        },
        lambda _: {"internal": True},
        ("arn", "arnSuffix", "dnsName", "zoneId", "vpcId"),
    ),
    Case(
        "aws:lb/targetGroup:TargetGroup",
        lambda w: {
            "port": 8080,
            "protocol": "HTTP",
            "vpcId": w.vpc,
            "deregistrationDelay": 10,
            "loadBalancingAlgorithmType": "least_outstanding_requests",
            "healthCheck": {
                "path": "/health",
                "interval": 5,
                "timeout": 2,
                "healthyThreshold": 2,
                "unhealthyThreshold": 2,
                "matcher": "200",
                "port": "traffic-port",
                "protocol": "HTTP",
            },
            "tags": {"a": "1"},
        },
        lambda _: {
            "healthCheck": {"path": "/other", "interval": 10},
            "deregistrationDelay": 20,
            "loadBalancingAlgorithmType": "weighted_random",
            "stickiness": {"type": "app_cookie", "cookieName": "session", "cookieDuration": 60},
            "targetGroupHealth": {
                "unhealthyStateRouting": {"minimumHealthyTargetsPercentage": "50"}
            },
        },
        lambda _: {"port": 8081},
        ("arn", "arnSuffix", "loadBalancerArns"),
    ),
    Case(
        "aws:lb/listener:Listener",
        lambda w: {
            "loadBalancerArn": w.balancer.id,
            "port": 80,
            "defaultActions": [{"type": "forward", "targetGroupArn": w.targets()["arn"]}],
            "tags": {"a": "1"},
        },
        lambda w: {
            "port": 81,
            "defaultActions": [{"type": "forward", "targetGroupArn": w.targets("2")["arn"]}],
        },
        outputs=("arn",),
    ),
    Case(
        "aws:lb/listenerRule:ListenerRule",
        lambda w: {
            "listenerArn": w.listener(),
            "priority": 5,
            "actions": [{"type": "forward", "targetGroupArn": w.targets("2")["arn"]}],
            "conditions": [{"pathPattern": {"values": ["/a/*"]}}],
            "tags": {"a": "1"},
        },
        lambda w: {
            "priority": 6,
            "actions": [
                {
                    "type": "redirect",
                    "redirect": {"statusCode": "HTTP_301", "host": "example.com"},
                }
            ],
            "conditions": [
                {"httpHeader": {"httpHeaderName": "X-Kind", "values": ["beta"]}},
                {"queryStrings": [{"key": "v", "value": "2"}]},
            ],
        },
        outputs=("arn",),
    ),
]
