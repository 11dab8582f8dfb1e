"""Auto Scaling: EC2's and users' health checks, and the replacement of what fails them."""

from __future__ import annotations

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import BOOT, Fleet


@pytest.mark.row("ASG-H01", "ASG-H02", "ASG-H11", "ASG-H19", "ASG-H22")
def test_a_stopped_instance_is_replaced_in_grace_and_in_cooldown(
    cloud: Cloud, network: Network
) -> None:
    fleet = Fleet(cloud, network, HealthCheckGracePeriod=3600, DefaultCooldown=3600)
    (name,) = fleet.names()
    assert fleet.members()[name]["HealthStatus"] == "Healthy"
    found = cloud.autoscaling.describe_auto_scaling_instances(InstanceIds=[name])
    assert found["AutoScalingInstances"][0]["HealthStatus"] == "HEALTHY"
    cloud.ec2.stop_instances(InstanceIds=[name])
    fleet.wait_for(1, without=[name])
    (ended,) = fleet.activities(f"Terminating EC2 instance: {name}")
    launched = fleet.activities("Launching a new EC2 instance")[0]
    assert ended["StartTime"] <= launched["StartTime"]
    assert "terminated or stopped" in ended["Cause"]
    starts = [one["StartTime"] for one in fleet.activities() if one["StatusCode"] == "Successful"]
    assert starts == sorted(starts, reverse=True)


@pytest.mark.row("ASG-H10", "ASG-H12", "ASG-D10")
def test_a_user_marks_instances(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 4, HealthCheckGracePeriod=7200)
    before = fleet.names()
    kept, *others = sorted(before)
    fleet.mark(kept)
    cloud.pause(60)
    assert fleet.state(kept) == "InService"
    fleet.about("set_instance_protection", *others, ProtectedFromScaleIn=True)
    for name in others:
        fleet.mark(name, ShouldRespectGracePeriod=False)
    cloud.until(lambda: len(fleet.activities("Terminating")) == 3, 20, "three at once")
    assert fleet.wait_for(4, without=others) & before == {kept}
    assert "user health-check" in fleet.activities("Terminating")[0]["Cause"]


@pytest.mark.slow
@pytest.mark.row("ASG-M02", "ASG-M03")
def test_a_maintenance_policy_launches_first(cloud: Cloud, network: Network) -> None:
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200}
    fleet = Fleet(cloud, network, 2, InstanceMaintenancePolicy=policy)
    before = fleet.names()
    name = min(before)
    fleet.mark(name)
    least = 2

    def replaced() -> bool:
        nonlocal least
        least = min(least, len(fleet.names()))
        return fleet.state(name) is None

    cloud.until(replaced, 2 * BOOT)
    assert least == 2
    launched = fleet.activities("Launching")[0]
    (ended,) = fleet.activities("Terminating")
    assert launched["StartTime"] < ended["StartTime"]
    fleet.wait_for(2)
    count = len(fleet.activities("Launching"))
    fleet.capacity(1)
    fleet.wait_for(1)
    assert len(fleet.activities("Launching")) == count


@pytest.mark.slow
@pytest.mark.row("ASG-P02", "ASG-P03", "ASG-P07", "ASG-P08")
def test_suspended_processes(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network)

    def suspend(*processes: str) -> None:
        fleet.call("suspend_processes", ScalingProcesses=list(processes))

    (first,) = fleet.names()
    suspend("Launch")
    cloud.ec2.stop_instances(InstanceIds=[first])
    cloud.until(lambda: not fleet.members(), BOOT, "terminated and not replaced")
    fleet.call("resume_processes")
    (second,) = fleet.wait_for(1)

    suspend("Terminate")
    fleet.mark(second)
    cloud.pause(30)
    assert fleet.members()[second]["HealthStatus"] == "Unhealthy"
    assert set(fleet.members()) == {second}
    fleet.call("resume_processes")
    (third,) = fleet.wait_for(1, without=[second])

    suspend("ReplaceUnhealthy")
    fleet.mark(third)
    cloud.pause(30)
    assert fleet.names() == {third}
    suspend("HealthCheck")
    fleet.call("resume_processes", ScalingProcesses=["ReplaceUnhealthy"])
    (fourth,) = fleet.wait_for(1, without=[third])
    ended, launched = fleet.activities("Terminating")[0], fleet.activities("Launching")[0]
    assert ended["StartTime"] <= launched["StartTime"]

    cloud.ec2.stop_instances(InstanceIds=[fourth])
    cloud.pause(60)
    assert fleet.members()[fourth]["HealthStatus"] == "Healthy"
    fleet.mark(fourth)
    fleet.wait_for(1, without=[fourth])


@pytest.mark.slow
@pytest.mark.row("ASG-H23")
def test_a_group_that_launches_nothing_for_a_day_is_suspended(hurried: Cloud) -> None:
    fleet = Fleet(hurried, Network(hurried), 0)
    hurried.ec2.delete_launch_template(LaunchTemplateId=fleet.template)
    fleet.capacity(1)
    hurried.until(fleet.activities, 600, "a launch that failed")
    hurried.pause(20 * 3600)
    assert fleet.describe()["SuspendedProcesses"] == []
    suspended = hurried.until(lambda: fleet.describe()["SuspendedProcesses"], 8 * 3600)
    assert "Launch" in {one["ProcessName"] for one in suspended}
