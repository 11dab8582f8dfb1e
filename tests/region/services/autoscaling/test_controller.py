"""A group's life: launches, replacements and terminations, driven step by step."""

from __future__ import annotations

import base64
import time
from collections import Counter

import pytest
from botocore.exceptions import ClientError

from region.periods import Period
from region.services.autoscaling import periods
from region.services.autoscaling.controller import AutoScalingController
from region.services.autoscaling.records import GroupRecord
from region.services.ec2 import periods as ec2_periods
from region.services.ec2.controller import InstancesController


def test_a_group_comes_up_spread_over_the_zones_and_registered(region):
    region.create(DesiredCapacity=6)
    region.rest()
    zones = Counter(one["AvailabilityZone"] for one in region.members())
    assert sorted(zones.values()) == [2, 2, 2]
    assert len(region.names()) == 6
    assert region.targets() == region.names()
    assert set(region.pool.machines) == region.names()
    first = region.activities()[-1]
    assert first["StatusCode"] == "Successful"
    assert first["Description"].startswith("Launching a new EC2 instance: i-")
    assert (
        "a user request created an AutoScalingGroup changing the desired capacity"
        in (first["Cause"])
    )
    assert "increasing the capacity from 0 to 1" in first["Cause"]


def test_instances_carry_the_groups_tags_and_template_version(region):
    region.create(
        DesiredCapacity=1,
        Tags=[
            {"Key": "Name", "Value": "app", "PropagateAtLaunch": True},
            {"Key": "secret", "Value": "no", "PropagateAtLaunch": False},
        ],
    )
    region.rest()
    (member,) = region.members()
    assert member["LaunchTemplate"]["Version"] == "1"
    found = region.aws.ec2.describe_instances(InstanceIds=[member["InstanceId"]])
    tags = {one["Key"]: one["Value"] for one in found["Reservations"][0]["Instances"][0]["Tags"]}
    assert tags["Name"] == "app"
    assert tags["aws:autoscaling:groupName"] == "fleet"
    assert "secret" not in tags


def test_a_new_template_version_serves_new_instances_only(region):
    region.create(DesiredCapacity=3)
    region.rest()
    old = region.names()
    region.aws.ec2.create_launch_template_version(
        LaunchTemplateId=region.template,
        SourceVersion="1",
        LaunchTemplateData={
            "ImageId": region.network.image,
            "InstanceType": "t4g.micro",
            "UserData": base64.b64encode(b"#cloud-config\n").decode(),
        },
    )
    region.capacity(6)
    region.rest()
    versions = {one["InstanceId"]: one["LaunchTemplate"]["Version"] for one in region.members()}
    assert all(versions[name] == "1" for name in old)
    assert sorted(versions.values()) == ["1"] * 3 + ["2"] * 3
    for name, version in versions.items():
        wanted = b"#cloud-config\n" if version == "2" else b""
        assert region.pool.machines[name].spec.user_data == wanted
    region.capacity(3)
    region.rest()
    assert not region.names() & old  # the oldest template goes first


def test_scale_in_deregisters_terminates_and_stays_balanced(region):
    region.create(DesiredCapacity=7)
    region.rest()
    region.capacity(3)
    region.rest()
    zones = Counter(one["AvailabilityZone"] for one in region.members())
    assert sorted(zones.values()) == [1, 1, 1]
    assert region.targets() == region.names()
    assert set(region.pool.machines) == region.names()
    cause = region.activities()[0]["Cause"]
    assert "shrinking the capacity from 4 to 3" in cause
    assert "was selected for termination" in cause


def test_an_instance_drains_before_it_is_terminated(region):
    region.create(DesiredCapacity=1)
    region.rest()
    (name,) = region.names()
    region.health[name] = "draining"
    region.capacity(0)
    region.step(3)
    assert region.names("Terminating") == {name}
    assert region.targets() == set()
    assert name in region.pool.machines
    region.health[name] = "unused"
    region.rest()
    assert region.members() == []
    assert region.pool.machines == {}


def test_the_termination_gate_holds_an_instance_that_is_out_of_traffic(region):
    region.create(DesiredCapacity=1)
    region.rest()
    (name,) = region.names()
    region.health[name] = "draining"
    region.leaving[name] = "wait"
    region.capacity(0)
    region.step(3)
    assert region.asked == []  # It still has requests.
    region.health[name] = "unused"
    region.step(5)
    assert region.names("Terminating:Wait") == {name}
    assert set(region.asked) == {name}
    region.leaving[name] = "continue"
    region.rest()
    assert region.members() == []


def test_deleting_a_group_asks_no_gate(region):
    region.create(DesiredCapacity=2)
    region.rest()
    region.leaving = dict.fromkeys(region.names(), "wait")
    region.aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="fleet", ForceDelete=True)
    region.rest()
    assert region.members() == []
    assert region.asked == []


def test_an_instance_that_is_gone_is_not_held(region):
    region.create(DesiredCapacity=1)
    region.rest()
    (name,) = region.names()
    region.leaving[name] = "wait"
    region.aws.ec2.terminate_instances(InstanceIds=[name])
    region.rest()
    assert name not in region.names()
    assert name not in region.asked


def test_an_unhealthy_target_is_replaced(region):
    region.create()
    region.rest()
    region.wait_for_sources()
    sick = min(region.names())
    region.health[sick] = "unhealthy"
    region.rest()
    assert sick not in region.names()
    assert len(region.names()) == 3
    causes = [one["Cause"] for one in region.activities()]
    assert any("ELB system health check failure" in cause for cause in causes)


@pytest.mark.parametrize("settings", [{"HealthCheckGracePeriod": 600}, {"HealthCheckType": "EC2"}])
def test_target_health_does_not_count_in_grace_or_for_type_ec2(region, settings):
    region.create(**settings)
    region.rest()
    before = region.names()
    for name in before:
        region.health[name] = "unhealthy"
    region.rest()
    assert region.names() == before


def kill_one(region):
    dead = min(region.names())
    region.pool.machines[dead].responds = False
    return dead


def test_a_dead_machine_is_replaced_after_a_few_minutes(region, monkeypatch):
    monkeypatch.setattr(periods, "IMPAIRED", Period("impaired", 0.3, "test"))
    monkeypatch.setattr(ec2_periods, "STATUS_CHECK", Period("check", 0.1, "test"))
    region.create(HealthCheckType="EC2")
    region.rest()
    dead = kill_one(region)
    region.rest()
    assert dead in region.names()
    region.until(lambda: dead not in region.names())
    region.rest()
    assert len(region.names()) == 3


def test_a_dead_machine_is_kept_in_grace(region, monkeypatch):
    monkeypatch.setattr(periods, "IMPAIRED", Period("impaired", 0, "test"))
    region.create(HealthCheckGracePeriod=600)
    region.rest()
    dead = kill_one(region)
    region.rest()
    assert dead in region.names()


def test_an_instance_terminated_by_hand_is_replaced(region):
    region.create()
    region.rest()
    gone = min(region.names())
    region.aws.ec2.terminate_instances(InstanceIds=[gone])
    region.rest()
    assert gone not in region.names()
    assert len(region.names()) == 3
    causes = [one["Cause"] for one in region.activities()]
    assert any("terminated or stopped" in cause for cause in causes)


def test_with_a_maintenance_policy_the_replacement_comes_first(region):
    region.create(
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200}
    )
    region.rest()
    region.wait_for_sources()
    sick = min(region.names())
    region.health[sick] = "unhealthy"
    smallest = 3
    for _ in range(15):
        region.step()
        smallest = min(smallest, len(region.names()))
    assert smallest == 3
    assert sick not in region.names()
    assert len(region.names()) == 3


def test_set_instance_health_makes_it_unhealthy(region):
    region.create()
    region.rest()
    name = min(region.names())
    region.aws.autoscaling.set_instance_health(InstanceId=name, HealthStatus="Unhealthy")
    region.rest()
    assert name not in region.names()
    assert any("user health-check" in one["Cause"] for one in region.activities())


def test_the_launch_gate_holds_and_abandons(region):
    region.default = "wait"
    region.create(DesiredCapacity=2)
    region.step(4)
    waiting = region.names("Pending:Wait")
    assert len(waiting) == 2
    assert region.targets() == set()
    good, bad = sorted(waiting)
    region.decisions = {good: "continue", bad: "abandon"}
    region.step(6)
    assert region.names() == {good}
    failed = [one for one in region.activities() if one["StatusCode"] == "Failed"]
    assert failed[0]["Description"].endswith(bad)
    assert failed[0]["StatusMessage"].endswith(
        "was abandoned: Lifecycle Action Completed with ABANDON Result"
    )


def test_a_lifecycle_hook_is_waited_for_and_completed(region):
    region.create(DesiredCapacity=0)
    region.aws.autoscaling.put_lifecycle_hook(
        AutoScalingGroupName="fleet",
        LifecycleHookName="warm",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout=600,
    )
    region.capacity(1)
    region.step(4)
    (name,) = region.names("Pending:Wait")
    action = {
        "AutoScalingGroupName": "fleet",
        "LifecycleHookName": "warm",
        "InstanceId": name,
    }
    region.aws.autoscaling.record_lifecycle_action_heartbeat(**action)
    region.aws.autoscaling.complete_lifecycle_action(**action, LifecycleActionResult="CONTINUE")
    region.rest()
    assert region.names() == {name}


def test_boot_failures_back_off_and_are_reported(region):
    region.pool.prepare = lambda machine: setattr(machine, "fails", True)
    region.create(DesiredCapacity=1)
    started = time.monotonic()
    while time.monotonic() - started < 3.5:
        region.step()
        time.sleep(0.05)
    launched = len(region.pool.launched)
    assert 2 <= launched <= 3  # after 0 s, 1 s and 3 s
    assert set(region.pool.terminated) >= set(region.pool.launched[:-1])
    failed = [one for one in region.activities() if one["StatusCode"] == "Failed"]
    assert "exited with 3" in failed[0]["StatusMessage"]
    region.pool.prepare = lambda machine: None
    with region.plane.lock:
        group = region.plane.backend("autoscaling").autoscaling_groups["fleet"]
        GroupRecord.of(group).launch_not_before = 0.0
    region.rest()
    assert len(region.names()) == 1


def test_a_launch_that_ec2_refuses_fails_the_activity(region):
    region.create(DesiredCapacity=1)
    region.aws.ec2.delete_launch_template(LaunchTemplateId=region.template)
    region.step(3)
    activities = region.activities()
    assert len(activities) == 1
    assert activities[0]["StatusCode"] == "Failed"
    assert "no longer exists" in activities[0]["StatusMessage"]


def test_terminating_in_the_group_with_and_without_decrement(region):
    region.create()
    region.rest()
    first, second, _ = sorted(region.names())
    answer = region.aws.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=first, ShouldDecrementDesiredCapacity=True
    )
    assert answer["Activity"]["StatusCode"] == "InProgress"
    region.rest()
    assert region.group()["DesiredCapacity"] == 2
    assert len(region.names()) == 2
    region.aws.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=second, ShouldDecrementDesiredCapacity=False
    )
    region.rest()
    assert len(region.names()) == 2
    assert not {first, second} & region.names()


def test_an_error_in_one_group_does_not_block_another(region, monkeypatch):
    region.create(AutoScalingGroupName="broken", DesiredCapacity=1)
    region.create(DesiredCapacity=1)
    look_after = AutoScalingController._reconcile_group

    def fail_for_one(self, group, decisions):
        if group.name == "broken":
            raise RuntimeError("broken group")
        look_after(self, group, decisions)

    monkeypatch.setattr(AutoScalingController, "_reconcile_group", fail_for_one)
    for _ in range(4):
        with pytest.raises(RuntimeError, match="broken group"):
            region.groups.reconcile()
        region.instances.reconcile()
        for _, job in list(region.instances._jobs.values()):
            job.result(5)
    assert [one["LifecycleState"] for one in region.group()["Instances"]] == ["InService"]


def test_an_added_zone_receives_instances(region):
    region.create(VPCZoneIdentifier=region.network.subnets[0], DesiredCapacity=3)
    region.rest()
    region.aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="fleet", VPCZoneIdentifier=",".join(region.network.subnets)
    )
    smallest = 3
    for _ in range(25):
        region.step()
        smallest = min(smallest, len(region.names()))
    zones = Counter(one["AvailabilityZone"] for one in region.members())
    assert sorted(zones.values()) == [1, 1, 1]
    assert smallest == 3


def test_suspended_processes(region):
    region.create()
    region.rest()
    before = region.names()
    region.aws.autoscaling.suspend_processes(AutoScalingGroupName="fleet")
    for name in before:
        region.health[name] = "unhealthy"
    region.capacity(5)
    region.rest()
    assert region.names() == before
    region.health.clear()
    region.aws.autoscaling.resume_processes(AutoScalingGroupName="fleet")
    region.aws.autoscaling.suspend_processes(
        AutoScalingGroupName="fleet", ScalingProcesses=["AddToLoadBalancer"]
    )
    region.rest()
    assert len(region.names()) == 5
    assert region.targets() == before


def test_a_deregistered_target_is_not_registered_again(region):
    """A deployment takes instances out of the target group and puts them back itself."""
    region.create()
    region.rest()
    name = min(region.names())
    region.aws.elbv2.deregister_targets(TargetGroupArn=region.arn, Targets=[{"Id": name}])
    region.step(3)
    assert name not in region.targets()
    assert name in region.names()


def test_forced_deletion_ends_the_instances_then_the_group(region):
    region.create()
    region.rest()
    with pytest.raises(Exception, match="ResourceInUse"):
        region.aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="fleet")
    region.aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="fleet", ForceDelete=True)
    assert region.group()["Status"] == "Delete in progress"
    for _ in range(5):
        region.step()
    assert region.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert region.pool.machines == {}
    assert region.targets() == set()


def test_a_group_survives_a_restart_of_the_region(region, make_plane, clients_of):
    region.create()
    region.rest()
    before = region.names()
    region.plane.stop()
    plane = make_plane()
    again = AutoScalingController(plane)
    instances = InstancesController(plane, region.pool)
    for _ in range(4):
        again.reconcile()
        instances.reconcile()
        for _, job in list(instances._jobs.values()):
            job.result(5)
    instances.close()
    found = clients_of(plane.endpoint).autoscaling.describe_auto_scaling_groups()
    members = found["AutoScalingGroups"][0]["Instances"]
    assert {one["InstanceId"] for one in members} == before
    assert {one["LifecycleState"] for one in members} == {"InService"}
    assert all(region.pool.machines[name].boots == 2 for name in before)


def mixed(region, *types, **distribution):
    specification = {"LaunchTemplateId": region.template, "Version": "1"}
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": specification,
            "Overrides": [{"InstanceType": name} for name in types],
        },
        **({"InstancesDistribution": distribution} if distribution else {}),
    }


def create_mixed(region, *types):
    region.create(LaunchTemplate={}, MixedInstancesPolicy=mixed(region, *types))


def launched_types(region):
    return {one["InstanceType"] for one in region.members()}


def test_the_first_of_several_types_is_launched(region):
    create_mixed(region, "t4g.micro", "t4g.nano")
    region.rest()
    assert launched_types(region) == {"t4g.micro"}
    template = region.members()[0]["LaunchTemplate"]
    assert template["LaunchTemplateId"] == region.template


def test_a_type_that_the_zone_does_not_offer_is_skipped(region, monkeypatch):
    backend = type(region.plane.backend("ec2"))
    moto = backend.describe_instance_type_offerings

    def without_micro(self, location_type=None, filters=None):
        offers = moto(self, location_type, filters)
        return [offer for offer in offers if offer["InstanceType"] != "t4g.micro"]

    monkeypatch.setattr(backend, "describe_instance_type_offerings", without_micro)
    create_mixed(region, "t4g.micro", "t4g.nano")
    region.rest()
    assert launched_types(region) == {"t4g.nano"}


def test_a_change_of_the_sizes_keeps_the_types(region):
    create_mixed(region, "t4g.micro", "t4g.nano")
    region.aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="fleet", MaxSize=12)
    overrides = region.group()["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]
    assert [item["InstanceType"] for item in overrides] == ["t4g.micro", "t4g.nano"]
    region.rest()
    assert launched_types(region) == {"t4g.micro"}


def test_spot_instances_are_refused(region):
    policy = mixed(region, "t4g.nano", OnDemandPercentageAboveBaseCapacity=50)
    with pytest.raises(ClientError, match="Spot instances, which the local region does not have"):
        region.create(LaunchTemplate={}, MixedInstancesPolicy=policy)


@pytest.mark.parametrize("behavior", ["IgnoreUnhealthy", "ReplaceUnhealthy"])
def test_a_zone_that_is_shifted_away_from_gets_nothing_and_may_keep_its_unhealthy(region, behavior):
    region.create(
        DesiredCapacity=3,
        AvailabilityZoneImpairmentPolicy={
            "ZonalShiftEnabled": True,
            "ImpairedZoneHealthCheckBehavior": behavior,
        },
    )
    region.rest()
    before = {one["InstanceId"]: one["AvailabilityZone"] for one in region.members()}
    name, zone = next(iter(before.items()))
    with region.plane.lock:
        group = region.plane.backend("autoscaling").autoscaling_groups["fleet"]
        GroupRecord.of(group).away_from = frozenset({zone})
    region.aws.autoscaling.set_instance_health(
        InstanceId=name, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
    )
    region.rest()
    assert (name in region.names()) is (behavior == "IgnoreUnhealthy")
    assert len(region.names()) == 3
    region.aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=5)
    region.rest()
    new = [one for one in region.members() if one["InstanceId"] not in before]
    assert zone not in {one["AvailabilityZone"] for one in new}
    with region.plane.lock:
        GroupRecord.of(group).away_from = frozenset()
    region.rest()
    assert name not in region.names()


def test_a_group_that_names_zones_launches_in_the_default_vpc(region):
    zones = ["ap-northeast-2a", "ap-northeast-2c"]
    region.create(
        VPCZoneIdentifier={},
        AvailabilityZones=zones,
        DesiredCapacity=2,
        TargetGroupARNs={},
        HealthCheckType="EC2",
    )
    region.rest()
    found = region.aws.ec2.describe_instances(InstanceIds=sorted(region.names()))["Reservations"]
    placed = [one["Instances"][0] for one in found]
    assert sorted(one["Placement"]["AvailabilityZone"] for one in placed) == zones
    assert all(one["PrivateIpAddress"].startswith("172.31.") for one in placed)
