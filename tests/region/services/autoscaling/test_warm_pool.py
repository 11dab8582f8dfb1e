"""Warm pools, lifetimes, metrics and notifications of a group whose machines are remembered only."""

from __future__ import annotations

import json
import time

import pytest
from botocore.exceptions import ClientError

from region.services.autoscaling import group_metrics, lifetime
from tests.region.fakes import queue_for_services


def pool(aws):
    found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")
    return sorted(one["LifecycleState"] for one in found["Instances"])


def test_a_pool_fills_and_gives_its_instances_to_the_group(fleet, aws):
    fleet.create(MaxSize=3)
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet")
    fleet.step()
    assert pool(aws)[0] == "Warmed:Pending"
    fleet.settle()
    assert pool(aws) == ["Warmed:Stopped", "Warmed:Stopped"]
    warm = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")["Instances"]
    ids = {one["InstanceId"] for one in warm}
    assert fleet.describe()["WarmPoolSize"] == 2
    listed = aws.autoscaling.describe_auto_scaling_instances(InstanceIds=sorted(ids))
    assert len(listed["AutoScalingInstances"]) == 2
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=2)
    fleet.settle()
    assert len(fleet.ids() & ids) == 1
    assert pool(aws) == ["Warmed:Stopped"]
    descriptions = [
        one["Description"]
        for one in aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="fleet")[
            "Activities"
        ]
    ]
    assert any("from warm pool: i-" in text for text in descriptions)


def test_a_running_pool_has_its_minimum_and_is_deleted(fleet, aws):
    fleet.create(MaxSize=1)
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", MinSize=1, PoolState="Running")
    fleet.settle()
    assert pool(aws) == ["Warmed:Running"]
    aws.autoscaling.delete_warm_pool(AutoScalingGroupName="fleet")
    found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")
    assert found["WarmPoolConfiguration"]["Status"] == "PendingDelete"
    fleet.settle()
    assert "WarmPoolConfiguration" not in aws.autoscaling.describe_warm_pool(
        AutoScalingGroupName="fleet"
    )
    assert len(fleet.ids()) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"PoolState": "Hibernated"},
        {"PoolState": "Other"},
    ],
)
def test_what_a_pool_cannot_be_is_refused(fleet, aws, settings):
    fleet.create(DesiredCapacity=0)
    with pytest.raises(ClientError):
        aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", **settings)


def test_what_is_not_given_of_a_pool_stays(fleet, aws):
    fleet.create(DesiredCapacity=0)
    put = aws.autoscaling.put_warm_pool
    put(AutoScalingGroupName="fleet", MinSize=1, PoolState="Running", MaxGroupPreparedCapacity=2)
    put(AutoScalingGroupName="fleet", MinSize=2)

    def settings():
        found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")
        found = found["WarmPoolConfiguration"]
        return found["MinSize"], found["PoolState"], found.get("MaxGroupPreparedCapacity")

    assert settings() == (2, "Running", 2)
    put(AutoScalingGroupName="fleet", MaxGroupPreparedCapacity=-1)
    assert settings() == (2, "Running", None)


def test_hooks_hold_instances_on_their_way_into_the_pool_and_out_of_it(fleet, aws, plane, inbox):
    fleet.create(MaxSize=1, DesiredCapacity=0)
    for name, transition in (("in", "LAUNCHING"), ("out", "TERMINATING")):
        aws.autoscaling.put_lifecycle_hook(
            AutoScalingGroupName="fleet",
            LifecycleHookName=name,
            LifecycleTransition=f"autoscaling:EC2_INSTANCE_{transition}",
            NotificationTargetARN=inbox.arn,
            RoleARN="arn:aws:iam::123456789012:role/hooks",
        )

    def told():
        return [(one["Origin"], one["Destination"]) for one in inbox() if "Origin" in one]

    def complete(hook, result="CONTINUE"):
        found = aws.autoscaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        (instance,) = [one["InstanceId"] for one in found if ":Wait" in one["LifecycleState"]]
        aws.autoscaling.complete_lifecycle_action(
            AutoScalingGroupName="fleet",
            LifecycleHookName=hook,
            InstanceId=instance,
            LifecycleActionResult=result,
        )
        return instance

    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", PoolState="Stopped")
    fleet.settle()
    assert pool(aws) == ["Warmed:Pending:Wait"]
    assert told() == [("EC2", "WarmPool")]
    abandoned = complete("in", "ABANDON")
    fleet.settle()
    assert abandoned not in str(aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet"))
    assert pool(aws) == []
    with plane.lock:
        group = plane.backend("autoscaling").autoscaling_groups["fleet"]
        vars(group)["region_record"].launch_not_before = 0.0
    fleet.settle()
    assert pool(aws) == ["Warmed:Pending:Wait"]
    instance = complete("in")
    fleet.settle()
    assert pool(aws) == ["Warmed:Stopped"]
    told()
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=1)
    fleet.settle()
    assert told() == [("WarmPool", "AutoScalingGroup")]
    assert complete("in") == instance
    fleet.settle()
    assert fleet.ids("Pending:Proceed") == {instance}
    aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="fleet", MaxSize=2)
    fleet.settle()
    complete("in")
    fleet.settle()
    assert pool(aws) == ["Warmed:Stopped"]
    told()
    aws.autoscaling.delete_warm_pool(AutoScalingGroupName="fleet")
    fleet.settle()
    assert pool(aws) == ["Warmed:Terminating:Wait"]
    assert told() == [("WarmPool", "EC2")]
    complete("out")
    fleet.settle()
    assert pool(aws) == []


def test_instances_do_not_live_longer_than_a_maximum(fleet, aws, plane):
    with pytest.raises(ClientError, match="86400"):
        fleet.create(MaxInstanceLifetime=3600)
    fleet.create(MaxInstanceLifetime=86_400, DesiredCapacity=2)
    before = fleet.ids()
    with plane.lock:
        group = plane.backend("autoscaling").autoscaling_groups["fleet"]
        for member in group.instance_states:
            vars(member)["region_record"].launched_at -= 86_401
    counts = []
    for _ in range(20):
        fleet.step()
        counts.append(len(fleet.ids()))
    assert min(counts) == 1
    assert not before & fleet.ids()
    assert len(fleet.ids()) == 2


def test_who_is_too_old_and_waits_for_a_replacement_is_announced_once(fleet, plane):
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    fleet.create(
        MaxInstanceLifetime=86_400, DesiredCapacity=2, InstanceMaintenancePolicy=policy, MaxSize=3
    )
    seen = []
    with plane.lock:
        group = plane.backend("autoscaling").autoscaling_groups["fleet"]
        for _ in range(3):
            lifetime.replace_old(plane, group, time.time() + 86_401)
            seen.append(plane.generation)
    # Every announcement is another round of all controllers.
    assert seen == [seen[0]] * 3
    assert vars(group)["region_record"].surge == 1


def test_an_instance_counts_once_it_has_warmed_up(fleet, aws, plane):
    fleet.create(DefaultInstanceWarmup=600)
    aws.autoscaling.enable_metrics_collection(AutoScalingGroupName="fleet", Granularity="1Minute")
    with plane.lock:
        group = plane.backend("autoscaling").autoscaling_groups["fleet"]
        now = group_metrics.measure(plane, group, time.time())
        later = group_metrics.measure(plane, group, time.time() + 601)
    assert (now["GroupPendingInstances"], now["GroupInServiceInstances"]) == (1, 0)
    assert (later["GroupPendingInstances"], later["GroupInServiceInstances"]) == (0, 1)
    fleet.step()
    names = {
        one["MetricName"]
        for one in aws.cloudwatch.list_metrics(Namespace="AWS/AutoScaling")["Metrics"]
    }
    assert "GroupDesiredCapacity" in names
    aws.autoscaling.disable_metrics_collection(
        AutoScalingGroupName="fleet", Metrics=["GroupMinSize"]
    )
    enabled = {one["Metric"] for one in fleet.describe()["EnabledMetrics"]}
    assert "GroupMinSize" not in enabled
    assert "GroupMaxSize" in enabled
    with pytest.raises(ClientError, match="Nonsense"):
        aws.autoscaling.enable_metrics_collection(
            AutoScalingGroupName="fleet", Granularity="1Minute", Metrics=["Nonsense"]
        )


@pytest.fixture
def inbox(aws):
    url, arn = queue_for_services(aws, "inbox")

    def bodies():
        found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(one["Body"]) for one in found]

    bodies.arn = arn
    return bodies


def test_a_topic_is_told_of_launches_and_terminations(fleet, aws, inbox):
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox.arn)
    fleet.create()
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
    aws.autoscaling.put_notification_configuration(
        AutoScalingGroupName="fleet", TopicARN=topic, NotificationTypes=kinds
    )
    found = aws.autoscaling.describe_notification_configurations()["NotificationConfigurations"]
    assert {one["NotificationType"] for one in found} == set(kinds)
    (test,) = [json.loads(one["Message"]) for one in inbox()]
    assert test["Event"] == "autoscaling:TEST_NOTIFICATION"
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=2)
    fleet.settle()
    (message,) = inbox()
    told = json.loads(message["Message"])
    assert message["Subject"] == 'Auto Scaling: launch for group "fleet"'
    assert told["Event"] == kinds[0]
    assert told["EC2InstanceId"] in fleet.ids()
    assert told["Details"]["Availability Zone"]
    aws.autoscaling.delete_notification_configuration(AutoScalingGroupName="fleet", TopicARN=topic)
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=1)
    fleet.settle()
    assert inbox() == []


def test_rules_see_launches(fleet, aws, inbox):
    aws.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.autoscaling"]}))
    aws.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": inbox.arn}])
    fleet.create()
    (event,) = inbox()
    assert event["detail-type"] == "EC2 Instance Launch Successful"
    assert event["detail"]["EC2InstanceId"] in fleet.ids()
    assert event["detail"]["Destination"] == "AutoScalingGroup"
    assert event["resources"][0] == fleet.describe()["AutoScalingGroupARN"]


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("arn:aws:sns:ap-northeast-2:123456789012:none", "autoscaling:EC2_INSTANCE_LAUNCH"),
        ("", "x"),
    ],
)
def test_topics_and_types_that_are_not_there(fleet, aws, topic, kind):
    fleet.create(DesiredCapacity=0)
    with pytest.raises(ClientError, match="ValidationError"):
        aws.autoscaling.put_notification_configuration(
            AutoScalingGroupName="fleet", TopicARN=topic or "arn:x", NotificationTypes=[kind]
        )


# Auto Scaling UG, "Create a warm pool", Reuse on scale in; its lifecycle hooks run as for a termination.
def test_a_scale_in_returns_instances_to_their_pool(fleet, aws):
    fleet.create(MaxSize=3, DesiredCapacity=3)
    reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": True}}
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", **reuse)
    fleet.settle()
    members = fleet.ids()
    assert pool(aws) == []
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=1)
    fleet.settle()
    assert pool(aws) == ["Warmed:Stopped", "Warmed:Stopped"]
    found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")
    assert found["WarmPoolConfiguration"]["InstanceReusePolicy"] == {"ReuseOnScaleIn": True}
    returned = {one["InstanceId"] for one in found["Instances"]}
    assert returned == members - fleet.ids()
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=3)
    fleet.settle()
    assert fleet.ids() == members
    aws.autoscaling.put_warm_pool(
        AutoScalingGroupName="fleet", InstanceReusePolicy={"ReuseOnScaleIn": False}
    )
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=2)
    fleet.settle()
    found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")["Instances"]
    assert len(found) == 1
    assert found[0]["InstanceId"] not in members


# Either controller may be first to see a new capacity.
def test_a_pool_waits_for_what_its_group_gives_and_takes(fleet, aws):
    fleet.create(MaxSize=2, DesiredCapacity=2)
    reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": True}}
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", **reuse)
    fleet.settle()
    members = fleet.ids()
    for desired in (0, 1, 2, 1):
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=desired)
        fleet.automation.reconcile()
        fleet.settle()
        found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")["Instances"]
        assert {one["InstanceId"] for one in found} | fleet.ids() == members


def test_a_pool_does_not_wait_for_instances_that_stay(fleet, aws):
    fleet.create(MaxSize=1, DesiredCapacity=1, NewInstancesProtectedFromScaleIn=True)
    reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": True}}
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", **reuse)
    fleet.settle()
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=0)
    fleet.settle()
    assert len(fleet.ids()) == 1
    assert pool(aws) == ["Warmed:Stopped"]


def test_what_is_no_scale_in_is_terminated(fleet, aws):
    fleet.create(MaxSize=2, DesiredCapacity=1)
    reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": True}}
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", **reuse)
    fleet.settle()
    (sick,) = fleet.ids()
    aws.autoscaling.set_instance_health(InstanceId=sick, HealthStatus="Unhealthy")
    fleet.settle()
    found = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="fleet")["Instances"]
    assert sick not in {one["InstanceId"] for one in found} | fleet.ids()


def test_a_returning_instance_waits_for_its_termination_hook(fleet, aws):
    fleet.create(MaxSize=1, DesiredCapacity=1)
    aws.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName="fleet",
        LifecycleHookName="clean",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=3600,
    )
    url, arn = queue_for_services(aws, "events")
    aws.events.put_rule(
        Name="returns",
        EventPattern=json.dumps(
            {
                "source": ["aws.autoscaling"],
                "detail": {"Origin": ["AutoScalingGroup"], "Destination": ["WarmPool"]},
            }
        ),
    )
    aws.events.put_targets(Rule="returns", Targets=[{"Id": "queue", "Arn": arn}])
    reuse = {"InstanceReusePolicy": {"ReuseOnScaleIn": True}}
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="fleet", **reuse)
    fleet.settle()
    (instance,) = fleet.ids()
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=0)
    fleet.settle()
    states = [one["LifecycleState"] for one in fleet.describe()["Instances"]]
    assert states == ["Terminating:Wait"]
    assert pool(aws) == []
    aws.autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="fleet",
        LifecycleHookName="clean",
        InstanceId=instance,
        LifecycleActionResult="CONTINUE",
    )
    fleet.settle()
    assert pool(aws) == ["Warmed:Stopped"]
    messages = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    kinds = {json.loads(one["Body"])["detail-type"] for one in messages}
    assert kinds == {"EC2 Instance-terminate Lifecycle Action", "EC2 Instance Terminate Successful"}
