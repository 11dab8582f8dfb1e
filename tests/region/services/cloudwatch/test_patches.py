"""CloudWatch's alarms where moto differs from AWS."""

from __future__ import annotations


def put_alarm(aws, threshold):
    aws.cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanThreshold",
    )


def test_changing_an_alarm_keeps_its_state(aws):
    put_alarm(aws, 10.0)
    aws.cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="drill")
    put_alarm(aws, 20.0)
    (alarm,) = aws.cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 20.0)
    assert alarm["StateReason"] == "drill"
