"""Scheduled actions, warm pools, metrics, notifications and events of groups."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.inbox import Inbox
from tests.conformance.scaling_group import LAUNCHING, Fleet

SOON = 4.0
"""Seconds of the computer's clock: schedules are not a waiting period."""


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture
def idle(cloud: Cloud, network: Network) -> Fleet:
    """A group that launches nothing, whatever its desired capacity."""
    fleet = Fleet(cloud, network, 0)
    fleet.call("suspend_processes", ScalingProcesses=["Launch"])
    return fleet


@pytest.fixture
def inbox(cloud: Cloud) -> Inbox:
    return Inbox(cloud)


def test_a_scheduled_action_sets_the_sizes_once(cloud: Cloud, idle: Fleet) -> None:
    idle.call(
        "put_scheduled_update_group_action",
        ScheduledActionName="more",
        StartTime=later(SOON),
        MinSize=1,
        MaxSize=8,
        DesiredCapacity=3,
    )
    assert idle.desired == 0
    cloud.until(lambda: idle.desired == 3, 180)
    assert (idle.describe()["MinSize"], idle.describe()["MaxSize"]) == (1, 8)
    assert idle.call("describe_scheduled_actions")["ScheduledUpdateGroupActions"] == []


@pytest.mark.row("ASG-P10")
def test_missed_actions_are_not_made_up_for(cloud: Cloud, idle: Fleet) -> None:
    idle.call("suspend_processes", ScalingProcesses=["ScheduledActions"])
    at = later(SOON / 2)
    idle.call(
        "put_scheduled_update_group_action",
        ScheduledActionName="more",
        StartTime=at,
        DesiredCapacity=2,
    )
    cloud.until(lambda: datetime.now(UTC) > at + timedelta(seconds=2), 180)
    idle.call("resume_processes", ScalingProcesses=["ScheduledActions"])
    cloud.pause(20)
    assert idle.desired == 0


@pytest.mark.row("X-SCHEDNOGROUP")
def test_schedules_that_are_refused(cloud: Cloud, idle: Fleet) -> None:
    for settings in (
        {"StartTime": later(-3600), "MinSize": 1},
        {"Recurrence": "every day", "MinSize": 1},
        {"Recurrence": "0 9 * * *", "TimeZone": "Nowhere", "MinSize": 1},
        {"Recurrence": "0 9 * * *"},
    ):
        with pytest.raises(ClientError, match="ValidationError"):
            idle.call("put_scheduled_update_group_action", ScheduledActionName="a", **settings)
    with pytest.raises(ClientError, match="ValidationError"):
        cloud.autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=cloud.name("none"),
            ScheduledActionName="a",
            Recurrence="0 9 * * *",
            MinSize=1,
        )
    idle.call(
        "put_scheduled_update_group_action",
        ScheduledActionName="daily",
        Recurrence="0 9 * * *",
        TimeZone="Asia/Seoul",
        MinSize=1,
    )
    (found,) = idle.call("describe_scheduled_actions")["ScheduledUpdateGroupActions"]
    assert found["StartTime"].astimezone(UTC).hour == 0


@pytest.mark.slow
@pytest.mark.row("X-EVENTS", "X-NOTIF", "ASG-L11")
def test_launches_are_told_and_measured(cloud: Cloud, network: Network, inbox: Inbox) -> None:
    fleet = Fleet(cloud, network, 0, DefaultInstanceWarmup=120)
    topic = cloud.sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    cloud.afterwards(cloud.sns.delete_topic, TopicArn=topic)
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    fleet.call(
        "put_notification_configuration",
        TopicARN=topic,
        NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
    )
    rule = cloud.name("rule")
    pattern = {
        "source": ["aws.autoscaling"],
        "detail-type": ["EC2 Instance Launch Successful"],
        "detail": {"AutoScalingGroupName": [fleet.name]},
    }
    cloud.events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    cloud.afterwards(cloud.events.delete_rule, Name=rule)
    cloud.events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": inbox.arn}])
    cloud.afterwards(cloud.events.remove_targets, Rule=rule, Ids=["1"])
    fleet.call("enable_metrics_collection", Granularity="1Minute")
    fleet.capacity(1)
    (instance,) = fleet.wait_for(1, within=600)
    events = cloud.until(
        lambda: [one for one in inbox.all() if one.get("source") == "aws.autoscaling"], 60
    )
    assert events[0]["detail"]["EC2InstanceId"] == instance
    messages = [json.loads(one["Message"]) for one in inbox.all() if "Message" in one]
    kinds = [one["Event"] for one in messages if "Event" in one]
    assert "autoscaling:TEST_NOTIFICATION" in kinds
    assert "autoscaling:EC2_INSTANCE_LAUNCH" in kinds

    def newest(name: str) -> float | None:
        points = cloud.cloudwatch.get_metric_statistics(
            Namespace="AWS/AutoScaling",
            MetricName=name,
            Dimensions=[{"Name": "AutoScalingGroupName", "Value": fleet.name}],
            StartTime=later(-600),
            EndTime=later(60),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
        ordered = sorted(points, key=lambda one: one["Timestamp"])
        return float(ordered[-1]["Maximum"]) if ordered else None

    cloud.until(lambda: newest("GroupPendingInstances") == 1, 180)
    cloud.until(lambda: newest("GroupInServiceInstances") == 1, 400)


@pytest.mark.slow
@pytest.mark.row("X-WARMPOOL")
def test_a_warm_pool_gives_its_instances(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0, MaxSize=1)
    fleet.call("put_warm_pool", MinSize=1, PoolState="Stopped")

    def warm() -> list[dict[str, Any]]:
        found = fleet.call("describe_warm_pool")["Instances"]
        return [one for one in found if one["LifecycleState"] == "Warmed:Stopped"]

    (instance,) = cloud.until(warm, 600)
    fleet.capacity(1)
    assert fleet.wait_for(1, within=600) == {instance["InstanceId"]}
    assert any("from warm pool" in one["Description"] for one in fleet.activities())
    fleet.call("delete_warm_pool", ForceDelete=True)
    cloud.until(lambda: not fleet.call("describe_warm_pool")["Instances"], 300)


# API InstanceReusePolicy: instances go back to the pool on scale in, and are not terminated.
@pytest.mark.slow
@pytest.mark.row("X-WARMPOOL")
def test_a_scale_in_returns_its_instance_to_the_pool(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1, MaxSize=1)
    (instance,) = fleet.wait_for(1, within=600)
    fleet.call("put_warm_pool", PoolState="Stopped", InstanceReusePolicy={"ReuseOnScaleIn": True})
    fleet.capacity(0)

    def pool() -> list[tuple[str, str]]:
        found = fleet.call("describe_warm_pool")["Instances"]
        return [(one["InstanceId"], one["LifecycleState"]) for one in found]

    cloud.until(lambda: pool() == [(instance, "Warmed:Stopped")], 600)
    fleet.capacity(1)
    assert fleet.wait_for(1, within=600) == {instance}


# Auto Scaling UG, "Use lifecycle hooks with a warm pool": before the pool, and again before service.
@pytest.mark.slow
@pytest.mark.row("X-WARMPOOL")
def test_a_launch_hook_holds_an_instance_before_a_warm_pool_and_behind_it(
    cloud: Cloud, network: Network
) -> None:
    fleet = Fleet(cloud, network, 0, MaxSize=1)
    fleet.put_hook("prepare", LAUNCHING)
    fleet.call("put_warm_pool", MinSize=1, PoolState="Stopped")

    def warm(state: str) -> list[str]:
        found = fleet.call("describe_warm_pool")["Instances"]
        return [one["InstanceId"] for one in found if one["LifecycleState"] == state]

    (instance,) = cloud.until(lambda: warm("Warmed:Pending:Wait"), 600)
    fleet.complete("prepare", instance)
    assert cloud.until(lambda: warm("Warmed:Stopped"), 600) == [instance]
    fleet.capacity(1)
    fleet.wait_state("Pending:Wait", instance)
    fleet.complete("prepare", instance)
    assert fleet.wait_for(1, within=600) == {instance}
