"""Instance refreshes."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import TYPE, Fleet

LARGER = "t4g.micro"


def start(fleet: Fleet, version: str = "", **preferences: Any) -> str:
    """Start a refresh, to a version of the template if one is given; return its id."""
    settings: dict[str, Any] = {"Preferences": {"InstanceWarmup": 0, **preferences}}
    if version:
        template = {"LaunchTemplateId": fleet.template, "Version": version}
        settings["DesiredConfiguration"] = {"LaunchTemplate": template}
    return str(fleet.call("start_instance_refresh", **settings)["InstanceRefreshId"])


def newest(fleet: Fleet) -> dict[str, Any]:
    return dict(fleet.call("describe_instance_refreshes")["InstanceRefreshes"][0])


def finish(fleet: Fleet, *statuses: str, within: float = 1200) -> list[int]:
    """Wait until the refresh has a status; return how many were in service each time."""
    counts: list[int] = []

    def ended() -> bool:
        counts.append(len(fleet.names()))
        status = newest(fleet)["Status"]
        assert status in statuses or status not in {"Failed", "RollbackFailed"}, newest(fleet)
        return status in statuses

    fleet.cloud.until(ended, within, f"refresh {statuses}")
    return counts


def types(fleet: Fleet) -> list[str]:
    instances = fleet.describe()["Instances"]
    return sorted(one["InstanceType"] for one in instances if one["LifecycleState"] == "InService")


@pytest.mark.row("ASG-R01", "ASG-R02", "ASG-R05", "ASG-M04")
def test_defaults_and_one_at_a_time(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0, HealthCheckGracePeriod=77)
    fleet.call("suspend_processes", ScalingProcesses=["InstanceRefresh"])
    fleet.call("start_instance_refresh")
    found = newest(fleet)["Preferences"]
    assert (found["MinHealthyPercentage"], found["MaxHealthyPercentage"]) == (90, 100)
    assert (found["SkipMatching"], found["AutoRollback"]) == (False, False)
    assert (found["ScaleInProtectedInstances"], found["StandbyInstances"]) == ("Wait", "Wait")
    assert found["InstanceWarmup"] == 77
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        fleet.call("start_instance_refresh")
    fleet.call("cancel_instance_refresh", WaitForTransitioningInstances=False)
    fleet.call(
        "update_auto_scaling_group",
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
    )
    fleet.call("start_instance_refresh", Preferences={"CheckpointPercentages": [100]})
    found = newest(fleet)["Preferences"]
    assert (found["MinHealthyPercentage"], found["MaxHealthyPercentage"]) == (100, 150)
    assert found["CheckpointDelay"] == 3600


@pytest.mark.row("ASG-R09")
def test_what_cannot_be_rolled_back(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 0, version="1")
    with pytest.raises(ClientError, match="ActiveInstanceRefreshNotFound"):
        fleet.call("cancel_instance_refresh")
    with pytest.raises(ClientError):
        start(fleet, AutoRollback=True)
    for version in ("$Latest", "$Default"):
        with pytest.raises(ClientError):
            start(fleet, version, AutoRollback=True)
    fleet.call("suspend_processes", ScalingProcesses=["InstanceRefresh"])
    start(fleet)
    with pytest.raises(ClientError, match="IrreversibleInstanceRefresh"):
        fleet.call("rollback_instance_refresh")


@pytest.mark.slow
@pytest.mark.row("ASG-R03", "ASG-R07", "ASG-R04", "ASG-R11", "ASG-P09")
def test_a_group_of_one(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1)
    first = fleet.names()
    start(fleet, SkipMatching=True)
    finish(fleet, "Successful", within=60)
    assert fleet.names() == first
    fleet.call("suspend_processes", ScalingProcesses=["InstanceRefresh"])
    start(fleet)
    cloud.pause(60)
    assert fleet.names() == first
    assert newest(fleet)["Status"] in {"Pending", "InProgress"}
    fleet.call("resume_processes", ScalingProcesses=["InstanceRefresh"])
    assert 0 in finish(fleet, "Successful")
    second = fleet.wait_for(1, within=600)
    assert second != first
    start(fleet, MinHealthyPercentage=100, MaxHealthyPercentage=100, BakeTime=60)
    assert 0 not in finish(fleet, "Baking")
    finish(fleet, "Successful", within=180)
    assert fleet.wait_for(1, within=600) != second


@pytest.mark.slow
@pytest.mark.row("ASG-R06")
def test_without_progress_it_fails_after_an_hour(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1, NewInstancesProtectedFromScaleIn=True)
    start(fleet)
    cloud.pause(3000)
    assert newest(fleet)["Status"] == "InProgress"
    finish(fleet, "Failed", within=900)


@pytest.mark.slow
@pytest.mark.row("ASG-R08", "ASG-R12", "ASG-R10")
def test_checkpoints_alarms_and_rollback(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 2, version="1")
    first = fleet.names()
    start(fleet, CheckpointPercentages=[50])
    finish(fleet, "Successful")
    assert len(fleet.wait_for(2, within=600) & first) == 1
    alarm = cloud.name("alarm")
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="conformance",
        MetricName="nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    cloud.afterwards(cloud.cloudwatch.delete_alarms, AlarmNames=[alarm])
    version = fleet.new_version(InstanceType=LARGER)
    preferences = {
        "CheckpointPercentages": [50, 100],
        "CheckpointDelay": 7200,
        "AlarmSpecification": {"Alarms": [alarm]},
        "AutoRollback": True,
    }
    start(fleet, version, **preferences)
    cloud.until(lambda: "heckpoint" in newest(fleet).get("StatusReason", ""), 600)
    assert newest(fleet)["PercentageComplete"] == 50
    fleet.capacity(3)
    fleet.wait_for(3, within=600)
    assert types(fleet) == [LARGER, LARGER, TYPE]
    cloud.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")
    cloud.until(lambda: newest(fleet)["Status"] == "RollbackInProgress", 120)
    finish(fleet, "RollbackSuccessful")
    fleet.wait_for(3, within=600)
    assert types(fleet) == [TYPE] * 3
    assert newest(fleet)["RollbackDetails"]["PercentageCompleteOnRollback"] == 50
    start(fleet, version)
    finish(fleet, "Successful")
    fleet.wait_for(3, within=600)
    assert types(fleet) == [LARGER] * 3
    assert fleet.describe()["LaunchTemplate"]["Version"] == version
