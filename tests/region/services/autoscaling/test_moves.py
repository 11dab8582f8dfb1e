"""Standby, attaching and detaching, protection, and capacity that is not there."""

from __future__ import annotations

from collections import Counter

import pytest
from botocore.exceptions import ClientError

from region import shortages
from region.periods import Period
from region.services.autoscaling import periods
from region.shortages import Shortage


@pytest.fixture
def three(region):
    region.create()
    region.rest()
    return region


def move(region, call, *names, **settings):
    return getattr(region.aws.autoscaling, call)(
        AutoScalingGroupName="fleet", InstanceIds=list(names), **settings
    )


def test_standby_and_back(three):
    name = min(three.names())
    answer = move(three, "enter_standby", name, ShouldDecrementDesiredCapacity=True)
    (activity,) = answer["Activities"]
    assert activity["Description"] == f"Moving EC2 instance to Standby: {name}"
    assert "shrinking the capacity from 3 to 2." in activity["Cause"]
    three.health[name] = "draining"
    three.step(3)
    assert three.state_of(name) == "EnteringStandby"
    assert name not in three.targets()
    three.health[name] = "unused"
    three.rest()
    assert three.state_of(name) == "Standby"
    assert (three.group()["DesiredCapacity"], len(three.names())) == (2, 2)
    answer = move(three, "exit_standby", name)
    assert answer["Activities"][0]["StatusCode"] == "PreInService"
    three.rest()
    assert three.state_of(name) == "InService"
    assert name in three.targets()
    assert three.group()["DesiredCapacity"] == 3


def test_standby_without_decrement_is_replaced_and_coming_back_leaves_one_too_many(three):
    name = min(three.names())
    move(three, "enter_standby", name, ShouldDecrementDesiredCapacity=False)
    three.rest()
    assert len(three.names()) == 3
    move(three, "exit_standby", name)
    three.rest()
    assert three.group()["DesiredCapacity"] == 4
    assert len(three.names()) == 4


def test_an_instance_in_standby_is_not_checked(three):
    name = min(three.names())
    move(three, "enter_standby", name, ShouldDecrementDesiredCapacity=True)
    three.rest()
    three.aws.ec2.stop_instances(InstanceIds=[name])
    three.rest()
    (member,) = [one for one in three.members() if one["InstanceId"] == name]
    assert (member["LifecycleState"], member["HealthStatus"]) == ("Standby", "Healthy")


def test_detach_drains_and_forgets_the_instance_but_leaves_it_running(three):
    name = min(three.names())
    move(three, "detach_instances", name, ShouldDecrementDesiredCapacity=False)
    three.rest()
    assert three.state_of(name) is None
    assert name not in three.targets()
    assert name in three.pool.machines
    assert len(three.names()) == 3
    found = three.aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [name]}])
    assert "aws:autoscaling:groupName" not in {tag["Key"] for tag in found["Tags"]}
    move(three, "attach_instances", name)
    three.rest()
    assert three.state_of(name) == "InService"
    assert name in three.targets()
    assert three.group()["DesiredCapacity"] == 4


def test_moves_that_aws_refuses(three):
    three.aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet", MinSize=3, MaxSize=3
    )
    name, other, _ = sorted(three.names())
    refusals = [
        ("enter_standby", [name], {"ShouldDecrementDesiredCapacity": True}, "min size"),
        ("detach_instances", [name], {"ShouldDecrementDesiredCapacity": True}, "min size"),
        ("exit_standby", [name], {}, "InService"),
        ("attach_instances", [name], {}, "already part"),
        ("attach_instances", ["i-0123456789abcdef0"], {}, "Invalid Instance"),
        ("enter_standby", ["i-0"], {"ShouldDecrementDesiredCapacity": True}, "not part"),
        ("detach_instances", [f"i-{n}" for n in range(21)], {}, "1 to 20|Missing"),
    ]
    for call, names, settings, match in refusals:
        with pytest.raises(Exception, match=match):
            move(three, call, *names, **settings)
    move(three, "detach_instances", other, ShouldDecrementDesiredCapacity=False)
    three.rest()
    with pytest.raises(ClientError, match="maximum size of 3"):
        move(three, "attach_instances", other)


def test_a_surplus_of_protected_instances_is_told_once(three):
    names = sorted(three.names())
    three.aws.autoscaling.set_instance_protection(
        AutoScalingGroupName="fleet", InstanceIds=names, ProtectedFromScaleIn=True
    )
    three.capacity(1)
    three.rest()
    assert three.names() == set(names)
    text = "Could not scale to desired capacity because all remaining instances are protected"
    assert [one["Description"][: len(text)] for one in three.activities()].count(text) == 1
    three.aws.autoscaling.set_instance_protection(
        AutoScalingGroupName="fleet", InstanceIds=names[:2], ProtectedFromScaleIn=False
    )
    three.rest()
    assert three.names() == {names[2]}


def test_several_instances_are_terminated_in_one_call(three):
    first, second, third = sorted(three.names())
    answer = move(
        three,
        "terminate_instance_in_auto_scaling_group",
        first,
        second,
        ShouldDecrementDesiredCapacity=True,
    )
    assert "Activity" not in answer
    assert len(answer["Activities"]) == 2
    three.rest()
    assert three.names() == {third}


def test_a_zone_taken_out_of_the_group_is_left(three):
    smallest = 3
    three.aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet", VPCZoneIdentifier=",".join(three.network.subnets[:2])
    )
    for _ in range(12):
        three.step()
        smallest = min(smallest, len(three.names()))
    zones = Counter(one["AvailabilityZone"] for one in three.members())
    assert sorted(zones.values()) == [1, 2]
    assert smallest == 3


ZONE = "ap-northeast-2a"


@pytest.mark.parametrize(("strategy", "count"), [("balanced-best-effort", 3), ("balanced-only", 2)])
def test_a_zone_without_capacity(region, strategy, count, monkeypatch):
    monkeypatch.setattr(periods, "ZONE_RETRY", Period("retry", 0.3, "test"))
    shortages.write(region.plane.config.root, [Shortage(ZONE, "t4g.nano")])
    region.create(AvailabilityZoneDistribution={"CapacityDistributionStrategy": strategy})
    region.rest()
    assert len(region.names()) == count
    assert ZONE not in {one["AvailabilityZone"] for one in region.members()}
    failed = [one for one in region.activities() if one["StatusCode"] == "Failed"]
    assert "We currently do not have sufficient t4g.nano capacity" in failed[0]["StatusMessage"]
    shortages.write(region.plane.config.root, [])
    region.until(lambda: ZONE in {one["AvailabilityZone"] for one in region.members()})
    region.rest()
    assert len(region.names()) == 3
    assert len({one["AvailabilityZone"] for one in region.members()}) == 3


def test_run_instances_is_refused_in_a_zone_without_capacity(region):
    shortages.write(region.plane.config.root, [Shortage(ZONE)])
    region.step()
    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        region.aws.ec2.run_instances(
            ImageId=region.network.image,
            InstanceType="t4g.nano",
            MinCount=1,
            MaxCount=1,
            SubnetId=region.network.subnets[0],
        )


def test_another_type_is_launched_in_a_zone_that_lacks_the_first(region):
    shortages.write(region.plane.config.root, [Shortage("*", "t4g.micro")])
    template = {"LaunchTemplateId": region.template, "Version": "1"}
    types = [{"InstanceType": "t4g.micro"}, {"InstanceType": "t4g.nano"}]
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": template, "Overrides": types}}
    region.create(LaunchTemplate={}, MixedInstancesPolicy=policy)
    region.rest()
    assert {one["InstanceType"] for one in region.members()} == {"t4g.nano"}


def test_elb_failures_are_replaced_one_by_one(three):
    three.wait_for_sources()
    before = three.names()
    for name in before:
        three.health[name] = "unhealthy"
    most = 0
    for _ in range(30):
        three.step()
        terminating = [
            one for one in three.members() if one["LifecycleState"].startswith("Terminating")
        ]
        most = max(most, len(terminating))
    assert most == 1
    assert not three.names() & before
    assert len(three.names()) == 3


def test_a_group_that_was_never_healthy_keeps_its_instances(region):
    class Sick(dict):
        def get(self, _key, _default=None):
            return "unhealthy"

    region.health = Sick()
    region.create()
    region.rest()
    before = region.names()
    for _ in range(10):
        region.step()
    assert region.names() == before
    sources = region.aws.autoscaling.describe_traffic_sources(AutoScalingGroupName="fleet")
    assert [one["State"] for one in sources["TrafficSources"]] == ["Added"]


def test_health_is_spelled_in_capitals_by_one_call_only(three):
    found = three.aws.autoscaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert {one["HealthStatus"] for one in found} == {"HEALTHY"}
    assert {one["HealthStatus"] for one in three.members()} == {"Healthy"}
