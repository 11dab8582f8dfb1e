"""Scheduled actions of a group."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from region.services.autoscaling.scheduled import actions


@pytest.fixture
def put(aws):
    def call(name="a", **settings):
        aws.autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName="fleet", ScheduledActionName=name, **settings
        )

    return call


def soon(seconds=0.0):
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture
def run(fleet, plane):
    def call(ahead):
        with plane.lock:
            group = plane.backend("autoscaling").autoscaling_groups["fleet"]
            actions.run_due(plane, group, time.time() + ahead)

    return call


def listed(aws):
    found = aws.autoscaling.describe_scheduled_actions(AutoScalingGroupName="fleet")
    return found["ScheduledUpdateGroupActions"]


def test_an_action_sets_sizes_once(fleet, aws, put, run):
    fleet.create(MaxSize=3)
    put(StartTime=soon(60), MinSize=1, MaxSize=5, DesiredCapacity=4)
    assert listed(aws)[0]["DesiredCapacity"] == 4
    run(30)
    assert fleet.desired == 1
    run(61)
    group = fleet.describe()
    assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (1, 5, 4)
    assert listed(aws) == []
    fleet.settle()
    wanted = (
        "a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 4 "
        "changing the desired capacity from 1 to 4."
    )
    assert any(wanted in cause for cause in fleet.causes())


def test_a_bound_moves_the_desired_capacity(fleet, put, run):
    fleet.create()
    put(StartTime=soon(60), MinSize=2)
    run(61)
    assert fleet.desired == 2


def test_what_is_suspended_is_not_made_up_for(fleet, aws, put, run):
    fleet.create()
    put(StartTime=soon(60), DesiredCapacity=2)
    aws.autoscaling.suspend_processes(
        AutoScalingGroupName="fleet", ScalingProcesses=["ScheduledActions"]
    )
    run(61)
    aws.autoscaling.resume_processes(AutoScalingGroupName="fleet")
    run(120)
    assert fleet.desired == 1
    assert listed(aws) == []


def test_a_recurring_action_stays_until_its_end(fleet, aws, put, run):
    fleet.create()
    put(Recurrence="*/5 * * * *", TimeZone="Asia/Seoul", DesiredCapacity=2, EndTime=soon(500))
    first = listed(aws)[0]["StartTime"]
    assert first.minute % 5 == 0
    assert (listed(aws)[0]["TimeZone"], listed(aws)[0]["Recurrence"]) == (
        "Asia/Seoul",
        "*/5 * * * *",
    )
    run((first - soon()).total_seconds() + 1)
    assert fleet.desired == 2
    left = listed(aws)
    assert not left or left[0]["StartTime"] == first + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"StartTime": datetime(2020, 1, 1, tzinfo=UTC), "MinSize": 1}, "in the past"),
        ({"MinSize": 1}, "StartTime or Recurrence"),
        ({"Recurrence": "* * * *", "MinSize": 1}, "recurrence"),
        ({"Recurrence": "0 0 * * *", "TimeZone": "Mars/Here", "MinSize": 1}, "TimeZone"),
        ({"Recurrence": "0 0 * * *"}, "At least one"),
        ({"Recurrence": "0 0 * * *", "MinSize": 3, "MaxSize": 2}, "Min size"),
        ({"Recurrence": "0 0 * * *", "MinSize": 3, "DesiredCapacity": 2}, "Desired"),
    ],
)
def test_what_is_not_valid_is_refused(fleet, put, settings, reason):
    fleet.create(DesiredCapacity=0)
    with pytest.raises(ClientError, match=reason):
        put(**settings)


def test_a_group_that_is_not_there_has_no_actions(aws, put):
    with pytest.raises(ClientError, match="not found"):
        put(StartTime=soon(60), MinSize=1)


def test_two_actions_at_one_time_conflict(fleet, put):
    fleet.create(DesiredCapacity=0)
    at = soon(600).replace(microsecond=0)
    put(StartTime=at, MinSize=0)
    with pytest.raises(ClientError, match="AlreadyExists"):
        put("b", StartTime=at, MinSize=0)


def test_batches_tell_what_failed(fleet, aws):
    fleet.create(DesiredCapacity=0)
    failed = aws.autoscaling.batch_put_scheduled_update_group_action(
        AutoScalingGroupName="fleet",
        ScheduledUpdateGroupActions=[
            {"ScheduledActionName": "good", "StartTime": soon(60), "MinSize": 0},
            {"ScheduledActionName": "bad", "MinSize": 0},
        ],
    )["FailedScheduledUpdateGroupActions"]
    assert [one["ScheduledActionName"] for one in failed] == ["bad"]
    failed = aws.autoscaling.batch_delete_scheduled_action(
        AutoScalingGroupName="fleet", ScheduledActionNames=["good", "bad"]
    )["FailedScheduledActions"]
    assert [one["ScheduledActionName"] for one in failed] == ["bad"]
