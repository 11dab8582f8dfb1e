"""Auto Scaling: what it refuses, and what a group without instances says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused
from tests.conformance.scaling_group import LAUNCHING, TERMINATING, Fleet

MAINTENANCE = "InstanceMaintenancePolicy"


def policy(least: int, most: int) -> dict[str, Any]:
    return {MAINTENANCE: {"MinHealthyPercentage": least, "MaxHealthyPercentage": most}}


@pytest.mark.row("ASG-M01", "ASG-D25", "ASG-D03", "ASG-H05", "ASG-H17", "ASG-D08", "ASG-D23")
def test_settings(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0)
    described = fleet.describe()
    assert described["HealthCheckGracePeriod"] == 0
    assert described["HealthCheckType"] == "EC2"

    def update(**settings: Any) -> dict[str, Any]:
        fleet.call("update_auto_scaling_group", **settings)
        return fleet.describe()

    for least, most in ((90, 201), (0, 200), (101, 110), (100, 99)):
        assert refused(update, **policy(least, most)) == "ValidationError"
    assert refused(update, **{MAINTENANCE: {"MinHealthyPercentage": 100}}) == "ValidationError"
    assert update(**policy(100, 200))[MAINTENANCE]["MaxHealthyPercentage"] == 200
    assert MAINTENANCE not in update(**policy(-1, -1))
    assert refused(update, MaxInstanceLifetime=3600) == "ValidationError"
    assert update(MaxInstanceLifetime=86_400)["MaxInstanceLifetime"] == 86_400
    assert update(HealthCheckType="ELB,EBS")["HealthCheckType"] == "ELB,EBS"
    assert refused(update, HealthCheckType="PING") == "ValidationError"
    assert refused(update, TerminationPolicies=["Default", "OldestInstance"]) == "ValidationError"
    assert refused(update, TerminationPolicies=["Cheapest"]) == "ValidationError"
    strategy = {"CapacityDistributionStrategy": "reservations-then-balanced"}
    assert update(AvailabilityZoneDistribution=strategy)["AvailabilityZoneDistribution"] == strategy
    assert update(DeletionProtection="prevent-all-deletion")["DeletionProtection"]
    refused(fleet.call, "delete_auto_scaling_group", ForceDelete=True)
    assert update(DeletionProtection="none")["DeletionProtection"] == "none"


@pytest.mark.row("ASG-D15", "ASG-D16", "ASG-D17")
def test_sizes(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0, MaxSize=4)
    fleet.call("suspend_processes", ScalingProcesses=["Launch"])
    assert refused(fleet.capacity, 9) == "ValidationError"
    fleet.capacity(2)
    fleet.call("update_auto_scaling_group", MinSize=3)
    assert fleet.desired == 3
    fleet.call("update_auto_scaling_group", MinSize=0, MaxSize=1)
    assert fleet.desired == 1
    name = cloud.name("least")
    cloud.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=2,
        LaunchTemplate={"LaunchTemplateId": fleet.template},
        VPCZoneIdentifier=network.subnets[0],
    )
    delete = cloud.autoscaling.delete_auto_scaling_group
    cloud.afterwards(delete, AutoScalingGroupName=name, ForceDelete=True)
    found = cloud.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    assert found["AutoScalingGroups"][0]["DesiredCapacity"] == 1


@pytest.mark.row("ASG-P01")
def test_nine_processes_can_be_suspended(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0)
    fleet.call("suspend_processes")
    names = {one["ProcessName"] for one in fleet.describe()["SuspendedProcesses"]}
    assert names == {
        "Launch",
        "Terminate",
        "AddToLoadBalancer",
        "AlarmNotification",
        "AZRebalance",
        "HealthCheck",
        "InstanceRefresh",
        "ReplaceUnhealthy",
        "ScheduledActions",
    }
    fleet.call("resume_processes")
    assert fleet.describe()["SuspendedProcesses"] == []


@pytest.mark.row("ASG-L02", "ASG-L10")
def test_hooks_and_limits(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0)
    for timeout in (29, 7201):
        assert (
            refused(fleet.put_hook, "short", LAUNCHING, HeartbeatTimeout=timeout)
            == "ValidationError"
        )
    fleet.call("put_lifecycle_hook", LifecycleHookName="plain", LifecycleTransition=TERMINATING)
    fleet.put_hook("brief", LAUNCHING, HeartbeatTimeout=60)
    hooks = {
        one["LifecycleHookName"]: one
        for one in fleet.call("describe_lifecycle_hooks")["LifecycleHooks"]
    }
    assert hooks["plain"]["HeartbeatTimeout"] == 3600
    assert hooks["plain"]["DefaultResult"] == "ABANDON"
    assert hooks["plain"]["GlobalTimeout"] == 172_800
    assert hooks["brief"]["GlobalTimeout"] == 6000
    arns = [
        f"arn:aws:elasticloadbalancing:{cloud.region}:123456789012:targetgroup/t{n}/0123456789abcdef"
        for n in range(11)
    ]
    refused(fleet.call, "attach_load_balancer_target_groups", TargetGroupARNs=arns)
    ids = [f"i-{number:017x}" for number in range(21)]
    refused(fleet.about, "detach_instances", *ids, ShouldDecrementDesiredCapacity=True)
