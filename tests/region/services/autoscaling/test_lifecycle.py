"""Lifecycle hooks on launches and terminations."""

from __future__ import annotations

import json

import pytest

from region.services.autoscaling.records import GroupRecord, MemberRecord


@pytest.fixture
def speed() -> float:
    """Heartbeat timeouts of 30 s pass in a fifth of one."""
    return 150.0


@pytest.fixture
def hooked(region):
    """A group of none with a hook on launches and one on terminations."""
    region.create(DesiredCapacity=0)
    region.put_hook("warm", "LAUNCHING", HeartbeatTimeout=7200)
    region.put_hook("save", "TERMINATING", HeartbeatTimeout=7200)
    return region


def launch_one(region):
    region.capacity(1)
    region.until(lambda: region.names("Pending:Wait"))
    (name,) = region.names("Pending:Wait")
    return name


def status_of(region, description):
    return next(
        one["StatusCode"] for one in region.activities() if description in one["Description"]
    )


def test_an_instance_goes_through_all_states(hooked):
    region, seen = hooked, []

    def see():
        for one in region.members():
            if not seen or seen[-1] != one["LifecycleState"]:
                seen.append(one["LifecycleState"])

    name = launch_one(region)
    see()
    assert status_of(region, f"Launching a new EC2 instance: {name}") == "MidLifecycleAction"
    assert region.targets() == set()
    region.complete("warm", name)
    for _ in range(6):
        region.groups.reconcile()
        see()
    region.capacity(0)
    region.until(lambda: region.names("Terminating:Wait"))
    see()
    assert region.targets() == set()
    assert status_of(region, "Terminating") == "MidLifecycleAction"
    region.complete("save", name)
    region.groups.reconcile()
    see()
    region.rest()
    assert seen == [
        "Pending:Wait",
        "Pending:Proceed",
        "InService",
        "Terminating:Wait",
        "Terminating:Proceed",
    ]
    assert {one["StatusCode"] for one in region.activities()} == {"Successful"}


def test_an_abandoned_launch_is_replaced(hooked):
    name = launch_one(hooked)
    hooked.complete("warm", name, "ABANDON")
    hooked.until(lambda: hooked.names("Pending:Wait") - {name})
    assert name not in {one["InstanceId"] for one in hooked.members()}


@pytest.mark.parametrize(("default", "state"), [("CONTINUE", "InService"), ("ABANDON", None)])
def test_a_timeout_has_the_default_result(region, default, state):
    region.create(DesiredCapacity=0)
    region.put_hook("warm", "LAUNCHING", HeartbeatTimeout=30, DefaultResult=default)
    name = launch_one(region)
    region.until(lambda: region.state_of(name) == state)


def test_a_heartbeat_restarts_the_timeout_but_not_beyond_the_longest(hooked, monkeypatch):
    name = launch_one(hooked)
    with hooked.plane.lock:
        group = hooked.plane.backend("autoscaling").autoscaling_groups["fleet"]
        wait = MemberRecord.of(group.instance_states[0]).hook_waits["warm"]
        assert wait.heartbeat == pytest.approx(7200 / 150)
        wait.deadline = 0.0
    hooked.aws.autoscaling.record_lifecycle_action_heartbeat(
        AutoScalingGroupName="fleet", LifecycleHookName="warm", InstanceId=name
    )
    hooked.step(3)
    assert hooked.state_of(name) == "Pending:Wait"
    wait.last = 0.0
    hooked.until(lambda: hooked.state_of(name) != "Pending:Wait")


def test_a_token_completes_a_hook_as_well_and_is_in_the_message(region):
    queue = region.aws.sqs.create_queue(QueueName="hooks")["QueueUrl"]
    region.create(DesiredCapacity=0)
    region.put_hook(
        "warm",
        "LAUNCHING",
        NotificationTargetARN="arn:aws:sqs:ap-northeast-2:123456789012:hooks",
        RoleARN="arn:aws:iam::123456789012:role/hooks",
        NotificationMetadata="blue",
    )
    name = launch_one(region)
    messages = [
        json.loads(one["Body"])
        for one in region.aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)[
            "Messages"
        ]
    ]
    assert messages[0]["Event"] == "autoscaling:TEST_NOTIFICATION"
    assert messages[1]["EC2InstanceId"] == name
    assert messages[1]["NotificationMetadata"] == "blue"
    region.aws.autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="fleet",
        LifecycleHookName="warm",
        LifecycleActionToken=messages[1]["LifecycleActionToken"],
        LifecycleActionResult="CONTINUE",
    )
    region.rest()
    assert region.names() == {name}


@pytest.mark.parametrize(
    ("result", "states"), [("ABANDON", {None}), ("CONTINUE", {"Terminating:Wait"})]
)
def test_abandoning_one_termination_hook_skips_the_others(hooked, result, states):
    name = launch_one(hooked)
    hooked.complete("warm", name)
    hooked.rest()
    hooked.put_hook("tell", "TERMINATING")
    hooked.capacity(0)
    hooked.until(lambda: hooked.names("Terminating:Wait"))
    hooked.complete("save", name, result)
    hooked.rest()
    assert hooked.state_of(name) in states


def test_an_instance_drains_before_its_termination_hook(hooked):
    name = launch_one(hooked)
    hooked.complete("warm", name)
    hooked.rest()
    hooked.health[name] = "draining"
    hooked.capacity(0)
    hooked.step(3)
    assert hooked.state_of(name) == "Terminating"
    assert status_of(hooked, "Terminating") == "WaitingForELBConnectionDraining"
    hooked.health[name] = "unused"
    hooked.step(3)
    assert hooked.state_of(name) == "Terminating:Wait"


def test_an_abandoned_termination_may_retain_the_instance(hooked):
    hooked.aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet",
        InstanceLifecyclePolicy={"RetentionTriggers": {"TerminateHookAbandon": "retain"}},
    )
    name = launch_one(hooked)
    hooked.complete("warm", name)
    hooked.rest()
    hooked.capacity(0)
    hooked.until(lambda: hooked.names("Terminating:Wait"))
    hooked.complete("save", name, "ABANDON")
    hooked.rest()
    assert hooked.state_of(name) == "Terminating:Retained"
    assert name in hooked.pool.machines
    hooked.aws.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=name, ShouldDecrementDesiredCapacity=False
    )
    hooked.rest()
    assert hooked.members() == []


def test_a_deleted_hook_holds_nobody(hooked):
    name = launch_one(hooked)
    hooked.complete("warm", name)
    hooked.rest()
    hooked.capacity(0)
    hooked.until(lambda: hooked.names("Terminating:Wait"))
    hooked.aws.autoscaling.delete_lifecycle_hook(
        AutoScalingGroupName="fleet", LifecycleHookName="save"
    )
    hooked.rest()
    assert hooked.members() == []


def test_a_forced_deletion_asks_no_hooks_and_takes_protected_instances_too(hooked):
    name = launch_one(hooked)
    hooked.complete("warm", name)
    hooked.rest()
    hooked.aws.autoscaling.set_instance_protection(
        AutoScalingGroupName="fleet", InstanceIds=[name], ProtectedFromScaleIn=True
    )
    hooked.aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="fleet", ForceDelete=True)
    for _ in range(6):
        hooked.step()
    assert hooked.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert hooked.pool.machines == {}


def test_a_group_that_launches_nothing_for_a_day_is_suspended(region):
    region.create(DesiredCapacity=1)
    region.aws.ec2.delete_launch_template(LaunchTemplateId=region.template)
    region.step()
    with region.plane.lock:
        group = region.plane.backend("autoscaling").autoscaling_groups["fleet"]
        record = GroupRecord.of(group)
        record.failing_since -= 90_000 / 150
        record.launch_not_before = 0.0
    region.step()
    reasons = {one["SuspensionReason"][:26] for one in region.group()["SuspendedProcesses"]}
    assert reasons == {"Administratively suspended"}
