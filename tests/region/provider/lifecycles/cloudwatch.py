"""Alarms, dashboards and log groups."""

from __future__ import annotations

from tests.region.provider.lifecycles.case import Case
from tests.region.provider.lifecycles.documents import metric

CASES = [
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda w: {
            "alarmDescription": "errors",
            "namespace": "AWS/ApplicationELB",
            "metricName": "HTTPCode_Target_5XX_Count",
            "statistic": "Sum",
            "dimensions": {"LoadBalancer": "app/a/1", "TargetGroup": "targetgroup/b/2"},
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "threshold": 10.0,
            "period": 60,
            "evaluationPeriods": 3,
            "datapointsToAlarm": 2,
            "treatMissingData": "notBreaching",
            "alarmActions": [w.topic],
            "okActions": [w.topic],
            "tags": {"a": "1"},
        },
        lambda _: {"threshold": 20.5, "dimensions": {"LoadBalancer": "x"}, "tags": {"b": "2"}},
        lambda _: {"name": "given"},
        ("arn", "name"),
    ),
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda _: {
            "namespace": "AWS/ApplicationELB",
            "metricName": "TargetResponseTime",
            "extendedStatistic": "p99",
            "evaluateLowSampleCountPercentiles": "ignore",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 1,
            "period": 60,
            "evaluationPeriods": 1,
        },
        lambda _: {"extendedStatistic": "p95"},
        id="MetricAlarmOfAPercentile",
    ),
    Case(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        lambda w: {
            "metricQueries": [
                {
                    "id": "share",
                    "expression": "100 * errors / requests",
                    "label": "errors in percent",
                    "returnData": True,
                },
                {
                    "id": "errors",
                    "returnData": False,
                    "metric": metric("HTTPCode_Target_5XX_Count"),
                },
                {"id": "requests", "metric": metric("RequestCount")},
            ],
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 1,
            "evaluationPeriods": 2,
            "alarmActions": [w.topic],
        },
        lambda _: {"threshold": 2},
        id="MetricAlarmOfMath",
    ),
    Case(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        lambda w: {
            "alarmName": "both",
            "alarmRule": f'ALARM("{w.alarm("1")}") AND ALARM("{w.alarm("2")}")',
            "alarmDescription": "both at once",
            "alarmActions": [w.topic],
            "actionsSuppressor": {
                "alarm": w.alarm("3"),
                "extensionPeriod": 60,
                "waitPeriod": 120,
            },
            "tags": {"a": "1"},
        },
        lambda w: {
            "alarmRule": f'ALARM("{w.alarm("1")}") OR ALARM("{w.alarm("2")}")',
            "okActions": [w.topic],
            "tags": {"b": "2"},
        },
        lambda _: {"alarmName": "other"},
        ("arn",),
    ),
    Case(
        "aws:cloudwatch/dashboard:Dashboard",
        lambda _: {"dashboardName": "board", "dashboardBody": '{"widgets": []}'},
        lambda _: {"dashboardBody": '{"widgets": [{"type": "text"}]}'},
        lambda _: {"dashboardName": "other"},
        ("dashboardArn",),
    ),
    Case(
        "aws:cloudwatch/logGroup:LogGroup",
        lambda _: {"name": "/aws/rds/x/postgresql", "retentionInDays": 30, "tags": {"a": "1"}},
        lambda _: {"retentionInDays": 0, "tags": {"b": "2"}},
        lambda _: {"name": "/other"},
        ("arn",),
    ),
]
