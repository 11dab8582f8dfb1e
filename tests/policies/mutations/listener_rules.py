"""What breaks the rule about the order of a listener's rules."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides
from tests.policies.mutations.routing import add_rule, empty_group, page

decides("listener-rules-in-order", "https", "loadBalancerArn", absent=KEEPS, unknown=KEEPS)

SERVES = {"type": "forward", "targetGroupArn": Ref("target-group", "arn")}
API = {"type": "forward", "targetGroupArn": Ref("api", "arn")}


def second_group(stack):
    """Add a target group for the same instances."""
    empty_group(stack, "api")
    stack.set("group", "targetGroupArns", [Ref("target-group", "arn"), Ref("api", "arn")])
    stack.add(
        "unhealthy-api",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "AWS/ApplicationELB",
            "metricName": "UnHealthyHostCount",
            "dimensions": {
                "LoadBalancer": Ref("load-balancer", "arnSuffix"),
                "TargetGroup": Ref("api", "arnSuffix"),
            },
            "statistic": "Maximum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 0,
            "period": 60,
            "evaluationPeriods": 5,
            "alarmActions": ["arn:aws:sns:ap-northeast-2:123456789012:operations"],
        },
    )


def paths(*patterns):
    return [{"pathPattern": {"values": list(patterns)}}]


@breaks("listener-rules-in-order")
def a_path_behind_a_wider_one(stack):
    second_group(stack)
    add_rule(stack, "wide", SERVES, paths("/api/*"), 10)
    add_rule(stack, "narrow", API, paths("/api/v2/*"), 20)


@breaks("listener-rules-in-order")
def a_host_behind_a_wildcard(stack):
    second_group(stack)
    add_rule(stack, "wide", SERVES, [{"hostHeader": {"values": ["*.example.com"]}}], 10)
    host = {"hostHeader": {"values": ["API.example.com"]}}
    add_rule(stack, "narrow", API, [host, *paths("/api/*")], 20)


@breaks("listener-rules-in-order")
def what_nobody_should_see_behind_everything(stack):
    add_rule(stack, "wide", SERVES, paths("/*"), 10)
    add_rule(stack, "narrow", page("403"), paths("/admin", "/admin/*"), 20)
