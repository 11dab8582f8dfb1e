"""Alarms that are evaluated, and what they do."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from region.services.cloudwatch import alarm_actions
from region.services.cloudwatch.controller import AlarmsController
from region.services.cloudwatch.metrics import Datum, publish
from tests.region.fakes import queue_for_services


@pytest.fixture
def speed():
    return 60.0


@pytest.fixture
def evaluate(plane):
    controller = AlarmsController(plane)

    def until(condition, within=6.0):
        deadline = time.monotonic() + within
        while True:
            controller.reconcile()
            if condition():
                return
            assert time.monotonic() < deadline
            time.sleep(0.05)

    return until


@pytest.fixture
def cloudwatch(aws):
    return aws.cloudwatch


def put_alarm(cloudwatch, name="alarm", **changes):
    cloudwatch.put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "own",
            "MetricName": "load",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        | changes
    )


def put(cloudwatch, value, **changes):
    cloudwatch.put_metric_data(
        Namespace="own", MetricData=[{"MetricName": "load", "Value": value} | changes]
    )


def state(cloudwatch, name="alarm"):
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)
    (alarm,) = found["MetricAlarms"] + found["CompositeAlarms"]
    return alarm["StateValue"]


def test_an_alarm_follows_its_metric(cloudwatch, evaluate):
    put_alarm(cloudwatch)
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    put(cloudwatch, 5.0)
    evaluate(lambda: state(cloudwatch) == "ALARM")
    evaluate(lambda: state(cloudwatch) == "INSUFFICIENT_DATA")
    put(cloudwatch, 0.0)
    evaluate(lambda: state(cloudwatch) == "OK")
    history = cloudwatch.describe_alarm_history(
        AlarmName="alarm", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"].split(" from ")[1] for item in history] == [
        "INSUFFICIENT_DATA to ALARM",
        "ALARM to INSUFFICIENT_DATA",
        "INSUFFICIENT_DATA to OK",
    ]
    assert "1 out of the last 1 datapoints [5.0" in history[0]["HistoryData"]


def test_data_of_the_past_are_judged_by_their_time_stamps(cloudwatch, evaluate):
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    for ago, value in ((5, 0.0), (3, 5.0), (1, 5.0)):
        put(cloudwatch, value, Timestamp=minute - timedelta(minutes=ago))
    put_alarm(cloudwatch, "three", EvaluationPeriods=3)
    put_alarm(cloudwatch, "two", EvaluationPeriods=3, DatapointsToAlarm=2)
    evaluate(lambda: state(cloudwatch, "three") == "OK" and state(cloudwatch, "two") == "ALARM")


def test_a_set_state_acts_and_is_overruled(aws, cloudwatch, evaluate):
    topic = aws.sns.create_topic(Name="alarms")["TopicArn"]
    queue, arn = queue_for_services(aws, "alarms")
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    put_alarm(cloudwatch, AlarmActions=[topic], TreatMissingData="notBreaching")
    evaluate(lambda: state(cloudwatch) == "OK")
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="drill")
    assert state(cloudwatch) == "ALARM"
    evaluate(lambda: state(cloudwatch) == "OK")
    (message,) = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["NewStateValue"], told["NewStateReason"]) == ("ALARM", "drill")
    assert told["Trigger"]["MetricName"] == "load"
    cloudwatch.disable_alarm_actions(AlarmNames=["alarm"])
    cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="ALARM", StateReason="drill")
    evaluate(lambda: state(cloudwatch) == "OK")
    assert "Messages" not in aws.sqs.receive_message(QueueUrl=queue)


def test_scaling_actions_are_repeated(cloudwatch, evaluate, monkeypatch):
    monkeypatch.setattr(alarm_actions, "_handlers", {})
    events = []
    alarm_actions.register("arn:aws:autoscaling:", lambda _plane, event: events.append(event))
    region = cloudwatch.meta.region_name
    policy = f"arn:aws:autoscaling:{region}:123456789012:scalingPolicy:1:autoScalingGroupName/g:p"
    put_alarm(cloudwatch, AlarmActions=[policy], TreatMissingData="breaching")
    evaluate(lambda: len(events) >= 3)
    assert [event.repeated for event in events[:3]] == [False, True, True]
    assert {event.new_state for event in events} == {"ALARM"}


def test_metric_math(plane, cloudwatch, evaluate):
    stat = {"Period": 60, "Stat": "Sum"}
    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        Metrics=[
            {
                "Id": f"m{number}",
                "MetricStat": {"Metric": {"Namespace": "AWS/X", "MetricName": name}} | stat,
                "ReturnData": False,
            }
            for number, name in enumerate(("errors", "requests"), 1)
        ]
        + [{"Id": "share", "Expression": "100 * FILL(m1, 0) / m2", "Label": "share"}],
        EvaluationPeriods=1,
        Threshold=5.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    publish(plane, [Datum("AWS/X", "errors", value=1.0), Datum("AWS/X", "requests", value=10.0)])
    evaluate(lambda: state(cloudwatch) == "ALARM")


def test_composite_alarms_follow_their_children(cloudwatch, evaluate):
    put_alarm(cloudwatch, "a", TreatMissingData="breaching")
    put_alarm(cloudwatch, "b", TreatMissingData="breaching")
    with pytest.raises(ClientError, match="do not exist"):
        cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) AND ALARM(c)")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a") AND NOT OK(b)')
    evaluate(lambda: state(cloudwatch, "both") == "ALARM")
    put_alarm(cloudwatch, "b", TreatMissingData="notBreaching")
    evaluate(lambda: state(cloudwatch, "both") == "OK")
    with pytest.raises(ClientError, match="depending on it"):
        cloudwatch.delete_alarms(AlarmNames=["a"])


def test_warm_up(cloudwatch, evaluate):
    put_alarm(
        cloudwatch,
        TreatMissingData="breaching",
        WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 3},
    )
    evaluate(
        lambda: (
            cloudwatch.describe_alarms()["MetricAlarms"][0].get("EvaluationState") == "IN_WARM_UP"
        )
    )
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    evaluate(lambda: state(cloudwatch) == "ALARM")


def test_few_samples_of_a_percentile(cloudwatch, evaluate):
    for name, low in (("judges", "evaluate"), ("waits", "ignore")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="own",
            MetricName="load",
            ExtendedStatistic="p99",
            EvaluateLowSampleCountPercentile=low,
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )
    cloudwatch.put_metric_data(
        Namespace="own", MetricData=[{"MetricName": "load", "Values": [5.0], "Counts": [100]}]
    )
    evaluate(lambda: state(cloudwatch, "judges") == "ALARM")
    assert state(cloudwatch, "waits") == "INSUFFICIENT_DATA"


REFUSED = [
    {"Period": 300, "EvaluationPeriods": 300},
    {"Period": 3600, "EvaluationPeriods": 169},
    {"Period": 45},
    {"DatapointsToAlarm": 2},
    {"ComparisonOperator": "LessThanLowerThreshold"},
    {"TreatMissingData": "nothing"},
    {"AlarmActions": ["arn:aws:lambda:ap-northeast-2:123456789012:function:f"]},
    {"AlarmActions": ["arn:aws:automate:ap-northeast-2:ec2:stop"]},
    {"AlarmActions": ["nothing"]},
    {"ThresholdMetricId": "m1"},
    {"ExtendedStatistic": "p99"},
    {"EvaluationWindow": {"WallClockWindow": {}}, "Period": 120},
    {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5000}},
]


@pytest.mark.parametrize("changes", REFUSED, ids=",".join)
def test_what_is_refused(cloudwatch, changes):
    with pytest.raises(ClientError, match=r"ValidationError|InvalidParameter|NotImplemented"):
        put_alarm(cloudwatch, **changes)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize("case", [("stop", "stopping"), ("terminate", "shutting-down")])
def test_actions_on_the_instance_of_the_metric(aws, plane, network, evaluate, case):
    (verb, state_after), cloudwatch = case, aws.cloudwatch
    made = aws.ec2.run_instances(
        ImageId="ami-12345678",
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
    )
    name = made["Instances"][0]["InstanceId"]
    with plane.lock:
        plane.backend("ec2").get_instance(name).instance_state.code = 16
        plane.backend("ec2").get_instance(name).instance_state.name = "running"
    put_alarm(
        cloudwatch,
        TreatMissingData="breaching",
        Dimensions=[{"Name": "InstanceId", "Value": name}],
        AlarmActions=[f"arn:aws:automate:ap-northeast-2:ec2:{verb}"],
    )

    def found():
        described = aws.ec2.describe_instances(InstanceIds=[name])
        return described["Reservations"][0]["Instances"][0]["State"]["Name"]

    evaluate(lambda: found() == state_after)
    history = cloudwatch.describe_alarm_history(AlarmName="alarm", HistoryItemType="Action")
    (item,) = history["AlarmHistoryItems"]
    assert "Successfully executed action" in item["HistorySummary"]


def test_a_suppressor_has_its_wait_and_extension_periods(aws, cloudwatch, evaluate, plane):
    topic = aws.sns.create_topic(Name="alarms")["TopicArn"]
    put_alarm(cloudwatch, "child", TreatMissingData="ignore")
    put_alarm(cloudwatch, "quiet", TreatMissingData="ignore")
    cloudwatch.put_composite_alarm(
        AlarmName="composite",
        AlarmRule="ALARM(child)",
        AlarmActions=[topic],
        ActionsSuppressor="quiet",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=30,
    )

    def set_state(name, value):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason="drill")

    def suppressed_by():
        (alarm,) = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return alarm.get("ActionsSuppressedBy")

    def acted():
        items = cloudwatch.describe_alarm_history(
            AlarmName="composite", HistoryItemType="Action", AlarmTypes=["CompositeAlarm"]
        )
        return len(items["AlarmHistoryItems"])

    evaluate(lambda: state(cloudwatch, "composite") == "OK")
    # OK has no actions, but waits as well.
    evaluate(lambda: suppressed_by() is None)
    set_state("quiet", "ALARM")
    set_state("child", "ALARM")
    evaluate(lambda: suppressed_by() == "Alarm")
    assert acted() == 0
    set_state("quiet", "OK")
    evaluate(lambda: suppressed_by() == "ExtensionPeriod")
    evaluate(lambda: acted() == 1)
