"""Metrics of alarms on load balancers."""

from __future__ import annotations

from tests.policies.draft import Ref
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

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ERRORS = "HTTPCode_Target_5XX_Count"
BALANCER, TARGETS = Ref("load-balancer", "arnSuffix"), Ref("target-group", "arnSuffix")
FRONT, WEB = "app/web/50dc6c495c0c9188", "targetgroup/web/73e2d6bc24d8a067"


def alarm(metric=ERRORS, space="AWS/ApplicationELB", **changes):
    properties = {
        "namespace": space,
        "metricName": metric,
        "dimensions": {"LoadBalancer": FRONT, "TargetGroup": WEB},
        "statistic": "Sum",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 10.0,
        "period": 60.0,
        "evaluationPeriods": 2.0,
        "alarmActions": ["arn:aws:sns:ap-northeast-2:123456789012:mail"],
        **changes,
    }
    return lambda draft: draft.add("further", ALARM, properties)


def of(**dimensions):
    return {"dimensions": dimensions}


BREAKS = [
    ("alarm-can-go-off", alarm(statistic="Maximum")),
    ("alarm-can-go-off", alarm(comparisonOperator="LessThanOrEqualToThreshold")),
]

KEEPS = [
    alarm(),
    alarm(dimensions={"LoadBalancer": Ref("load-balancer", "arnSuffix")}),
]

REFUSED = {
    "alarm-can-go-off": [
        alarm(**of(TargetGroup=WEB)),
        alarm(**of(LoadBalancer="web", TargetGroup=WEB)),
        alarm(**of(LoadBalancer=f"arn:aws:elasticloadbalancing:x:1:loadbalancer/{FRONT}")),
        alarm(**of(LoadBalancer=FRONT, TargetGroup="web")),
        alarm("HTTPCode_ELB_5XX_Count"),
        alarm("RejectedConnectionCount"),
        alarm("httpcode_target_5xx_count"),
        alarm("UnHealthyHostCount", **of(LoadBalancer=FRONT)),
        alarm("UnHealthyHostCount", "AWS/NetworkELB", **of(LoadBalancer=FRONT)),
        alarm("UnHealthyHostCount", comparisonOperator="LessThanThreshold", threshold=1.0),
        alarm("HealthyHostCount", threshold=1.0),
        alarm(**of(**dict.fromkeys(("LoadBalancer", "TargetGroup"), BALANCER))),
        alarm(**of(**dict.fromkeys(("LoadBalancer", "TargetGroup"), TARGETS))),
        alarm("HTTPCode_ELB_5XX_Count", **of(LoadBalancer=Ref("group", "arn"))),
    ]
}

SOUND = {
    "alarm-can-go-off": [
        alarm(**of(LoadBalancer=FRONT)),
        alarm(**of(LoadBalancer=BALANCER, TargetGroup=TARGETS)),
        alarm("HTTPCode_ELB_5XX_Count", **of(LoadBalancer=FRONT)),
        alarm("RequestCountPerTarget", **of(TargetGroup=WEB)),
        alarm("TargetResponseTime", statistic="Average", threshold=1.0),
        alarm("HealthyHostCount", comparisonOperator="LessThanThreshold", statistic="Minimum"),
        alarm("UnHealthyHostCount", statistic="Maximum", threshold=0.0),
        alarm(statistic="Maximum", threshold=0.0),
        alarm(
            statistic="Maximum", threshold=1.0, comparisonOperator="GreaterThanOrEqualToThreshold"
        ),
        alarm("RequestCount", comparisonOperator="LessThanThreshold", threshold=1.0),
        alarm("SomethingNewCount", **of(LoadBalancer=FRONT)),
        alarm("Orders", "Shop", comparisonOperator="LessThanThreshold"),
    ]
}
