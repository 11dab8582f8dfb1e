"""Auto Scaling: zones, termination policies and scale-in protection."""

from __future__ import annotations

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused
from tests.conformance.roles import make_role
from tests.conformance.scaling_group import BOOT, Fleet

PROTECTED = "Could not scale to desired capacity because all remaining instances are protected"


def spread(fleet: Fleet) -> list[int]:
    """Return the counts of instances in service of the zones that have any."""
    return sorted(fleet.zones().values())


@pytest.mark.slow
@pytest.mark.row("ASG-D01", "ASG-D04", "ASG-D22", "ASG-D24")
def test_zones_are_filled_and_emptied_evenly(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0, Tags=[{"Key": "a", "Value": "2", "PropagateAtLaunch": True}])
    for size in range(1, 5):
        fleet.capacity(size)
        fleet.wait_for(size)
        counts = [fleet.zones().get(zone, 0) for zone in network.zones]
        assert max(counts) - min(counts) <= 1
    fullest = max(fleet.zones(), key=lambda zone: fleet.zones()[zone])
    fleet.call("update_auto_scaling_group", TerminationPolicies=["OldestInstance"])
    fleet.capacity(3)
    fleet.wait_for(3)
    assert fleet.zones()[fullest] == 1
    name = min(fleet.names())
    found = cloud.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [name]}])
    assert {"a": "2"}.items() <= {one["Key"]: one["Value"] for one in found["Tags"]}.items()
    assert refused(fleet.call, "delete_auto_scaling_group") in {
        "ResourceInUse",
        "ScalingActivityInProgress",
    }


@pytest.mark.slow
@pytest.mark.row("ASG-D12", "ASG-D13", "ASG-D14", "ASG-P06")
def test_rebalancing(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 2, MaxSize=2, VPCZoneIdentifier=network.subnets[0])
    fleet.call("suspend_processes", ScalingProcesses=["AZRebalance"])
    fleet.call("update_auto_scaling_group", VPCZoneIdentifier=",".join(network.subnets[:2]))
    cloud.pause(60)
    assert spread(fleet) == [2]
    fleet.call("resume_processes")
    most, least = 0, 2

    def balanced() -> bool:
        nonlocal most, least
        least, most = min(least, len(fleet.names())), max(most, len(fleet.members()))
        return spread(fleet) == [1, 1] and len(fleet.members()) == 2

    cloud.until(balanced, 2 * BOOT)
    assert (least, most) == (2, 3)
    launched, ended = fleet.activities("Launching")[0], fleet.activities("Terminating")[0]
    assert launched["StartTime"] < ended["StartTime"]
    fleet.call("update_auto_scaling_group", VPCZoneIdentifier=network.subnets[1])
    cloud.until(
        lambda: fleet.zones() == {network.zones[1]: 2} and len(fleet.members()) == 2, 3 * BOOT
    )


@pytest.mark.slow
@pytest.mark.row("ASG-D05", "ASG-D07")
def test_templates_decide_who_goes(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1, VPCZoneIdentifier=network.subnets[0])
    (first,) = fleet.names()
    fleet.new_version(InstanceType="t4g.nano")
    fleet.capacity(2)
    (second,) = fleet.wait_for(2) - {first}
    other = fleet.make_template()
    fleet.call("update_auto_scaling_group", LaunchTemplate={"LaunchTemplateId": other})
    fleet.capacity(3)
    (third,) = fleet.wait_for(3) - {first, second}
    fleet.call("update_auto_scaling_group", TerminationPolicies=["OldestLaunchTemplate"])
    fleet.capacity(1)
    assert fleet.wait_for(1) == {third}
    fleet.call("update_auto_scaling_group", LaunchTemplate={"LaunchTemplateId": fleet.template})
    fleet.capacity(2)
    (newest,) = fleet.wait_for(2) - {third}
    # Of another template goes first, although its version is the lower number.
    fleet.capacity(1)
    assert fleet.wait_for(1) == {newest}


@pytest.mark.row("ASG-D09", "ASG-D11", "ASG-D08")
def test_protection_from_scale_in(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1, VPCZoneIdentifier=network.subnets[0])
    (old,) = fleet.names()
    fleet.call("update_auto_scaling_group", NewInstancesProtectedFromScaleIn=True)
    fleet.capacity(2)
    (new,) = fleet.wait_for(2) - {old}
    members = fleet.members()
    assert not members[old]["ProtectedFromScaleIn"]
    assert members[new]["ProtectedFromScaleIn"]
    fleet.about("set_instance_protection", old, ProtectedFromScaleIn=True)
    fleet.capacity(1)
    cloud.until(lambda: fleet.activities(PROTECTED), 60, PROTECTED)
    assert fleet.names() == {old, new}
    assert fleet.desired == 1
    fleet.call("update_auto_scaling_group", TerminationPolicies=["NewestInstance"])
    fleet.about("set_instance_protection", old, new, ProtectedFromScaleIn=False)
    assert fleet.wait_for(1) == {old}


@pytest.mark.slow
@pytest.mark.row("ASG-D02")
def test_a_zone_without_capacity(cloud: Cloud, network: Network) -> None:
    role = make_role(cloud, cloud.name("fis"), "fis.amazonaws.com")
    for strategy, count in (("balanced-best-effort", 3), ("balanced-only", 2)):
        fleet = Fleet(
            cloud,
            network,
            0,
            AvailabilityZoneDistribution={"CapacityDistributionStrategy": strategy},
        )
        template = cloud.fis.create_experiment_template(
            description="a zone has no capacity",
            roleArn=role,
            stopConditions=[{"source": "none"}],
            clientToken=cloud.name("token"),
            targets={
                "groups": {
                    "resourceType": "aws:ec2:autoscaling-group",
                    "resourceArns": [fleet.describe()["AutoScalingGroupARN"]],
                    "selectionMode": "ALL",
                }
            },
            actions={
                "deny": {
                    "actionId": "aws:ec2:asg-insufficient-instance-capacity-error",
                    "parameters": {
                        "duration": "PT10M",
                        "availabilityZoneIdentifiers": network.zones[0],
                    },
                    "targets": {"AutoScalingGroups": "groups"},
                }
            },
        )["experimentTemplate"]["id"]
        cloud.afterwards(cloud.fis.delete_experiment_template, id=template)
        started = cloud.fis.start_experiment(
            experimentTemplateId=template, clientToken=cloud.name("token")
        )["experiment"]["id"]

        def running(identity: str = started) -> bool:
            found = cloud.fis.get_experiment(id=identity)["experiment"]
            return found["state"]["status"] == "running" and (
                found["actions"]["deny"]["state"]["status"] == "running"
            )

        cloud.until(running, 60, "the experiment")
        fleet.capacity(3)
        fleet.wait_for(count)
        assert network.zones[0] not in fleet.zones()
        failed = [one for one in fleet.activities() if one["StatusCode"] == "Failed"]
        assert "do not have sufficient t4g.nano capacity" in failed[0]["StatusMessage"]
        cloud.fis.stop_experiment(id=started)
        cloud.until(lambda f=fleet: len(f.zones()) == 3 and len(f.members()) == 3, 3 * BOOT)
