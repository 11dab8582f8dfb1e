"""What breaks the rule about the metrics of alarms on load balancers."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("alarm-can-go-off", "alarm", "comparisonOperator", absent=KEEPS, unknown=KEEPS)


@breaks("alarm-can-go-off")
def errors_averaged(stack):
    stack.set("alarm", "statistic", "Average")


@breaks("alarm-can-go-off")
def alarm_when_all_is_well(stack):
    stack.set("alarm", "comparisonOperator", "LessThanThreshold")


@breaks("alarm-can-go-off")
def metric_in_another_case(stack):
    stack.set("alarm", "metricName", "HTTPCode_Target_5xx_Count")


@breaks("alarm-can-go-off")
def more_unhealthy_hosts_than_there_are(stack):
    given = {
        "namespace": "AWS/ApplicationELB",
        "metricName": "UnHealthyHostCount",
        "dimensions": {
            "LoadBalancer": Ref("load-balancer", "arnSuffix"),
            "TargetGroup": Ref("target-group", "arnSuffix"),
        },
        "statistic": "Maximum",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 100,
        "period": 60,
        "evaluationPeriods": 2,
        "alarmActions": ["arn:aws:sns:ap-northeast-2:123456789012:operations"],
    }
    stack.add("unhealthy", "aws:cloudwatch/metricAlarm:MetricAlarm", given)


@breaks("alarm-can-go-off")
def percentage_above_a_hundred(stack):
    given = {
        "namespace": "AWS/EC2",
        "metricName": "CPUUtilization",
        "dimensions": {"AutoScalingGroupName": Ref("group", "name")},
        "statistic": "Average",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 150,
        "period": 60,
        "evaluationPeriods": 2,
        "alarmActions": ["arn:aws:sns:ap-northeast-2:123456789012:operations"],
    }
    stack.add("busy", "aws:cloudwatch/metricAlarm:MetricAlarm", given)
