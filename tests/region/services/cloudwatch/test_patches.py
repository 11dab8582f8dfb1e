"""CloudWatch's alarms where moto differs from AWS."""

from __future__ import annotations

from tests.region.builders import put_alarm


def test_changing_an_alarm_keeps_its_state(aws):
    put_alarm(aws, Threshold=10.0)
    aws.cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="drill")
    put_alarm(aws, Threshold=20.0)
    (alarm,) = aws.cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 20.0)
    assert alarm["StateReason"] == "drill"
