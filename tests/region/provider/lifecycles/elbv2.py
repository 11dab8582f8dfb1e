"""Load balancers, target groups, listeners and rules."""

from __future__ import annotations

from tests.certificates import self_signed
from tests.region.provider.lifecycles.case import Case

ONE, OTHER = self_signed("one.example.com"), self_signed("one.example.com")

CASES = [
    Case(
        "aws:lb/loadBalancer:LoadBalancer",
        lambda w: {"subnets": w.subnets, "securityGroups": [w.group], "tags": {"a": "1"}},
        lambda w: {
            "idleTimeout": 30,
            "dropInvalidHeaderFields": True,
            "xffHeaderProcessingMode": "preserve",
            "enableZonalShift": True,
            "enableTlsVersionAndCipherSuiteHeaders": True,
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
        "aws:lb/listener:Listener",
        lambda w: {
            "loadBalancerArn": w.balancer.id,
            "port": 443,
            "protocol": "HTTPS",
            "certificateArn": w.certificate(),
            "defaultActions": [{"type": "forward", "targetGroupArn": w.targets()["arn"]}],
        },
        lambda w: {
            "certificateArn": w.certificate("2"),
            "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        },
        outputs=("arn", "sslPolicy"),
        id="HttpsListener",
    ),
    Case(
        "aws:lb/listenerCertificate:ListenerCertificate",
        lambda w: {"listenerArn": w.https_listener(), "certificateArn": w.certificate("2")},
        replace=lambda w: {"certificateArn": w.certificate("3")},
    ),
    Case(
        "aws:acm/certificate:Certificate",
        lambda _: {
            "certificateBody": ONE.certificate,
            "privateKey": ONE.key,
            "tags": {"a": "1"},
        },
        lambda _: {
            "certificateBody": OTHER.certificate,
            "privateKey": OTHER.key,
            "tags": {"b": "2"},
        },
        outputs=("arn", "domainName", "status"),
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
