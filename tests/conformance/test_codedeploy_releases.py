"""CodeDeploy on instances: what a release runs, in which order, whom it tells, and how it goes back."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import (
    EVENTS,
    Fleet,
    appspec,
    event_of,
    names_of,
    service_role,
)
from tests.conformance.inbox import TopicInbox

pytestmark = pytest.mark.slow
APPSPEC = appspec(ApplicationStop="stop.sh", ApplicationStart="start.sh")
START = "#!/bin/bash\nexit 0\n"
FAILS = "#!/bin/bash\necho no such file\nexit 7\n"


@pytest.fixture
def fleet(cloud: Cloud, network: Network) -> Fleet:
    made = Fleet(cloud, network, service_role(cloud))
    made.upload("good.zip", APPSPEC, stop=START, start=START)
    made.upload("bad.zip", APPSPEC, stop=START, start=FAILS)
    return made


@pytest.mark.row("CD-E02", "CD-S04", "CD-S05", "CD-S06")
def test_all_then_the_outdated_then_a_restart(fleet: Fleet) -> None:
    fleet.group()
    first = fleet.deploy("good.zip")
    info = fleet.ended(first)
    assert info["status"] == "Succeeded"
    assert sum(info["deploymentOverview"].values()) == len(fleet.instances)
    for instance in fleet.instances:
        assert names_of(fleet.target(first, instance)) == EVENTS
    late = fleet.launch(0)
    fleet.cloud.until(lambda: fleet.state(late) == "running", 300)
    second = fleet.deploy("good.zip", updateOutdatedInstancesOnly=True)
    assert fleet.ended(second)["status"] == "Succeeded"
    assert fleet.targets(second) == {late}
    third = fleet.deploy(None, deploymentMode="RESTART")
    info = fleet.ended(third)
    assert info["status"] == "Succeeded"
    assert info["revision"]["s3Location"]["key"] == "good.zip"
    ran = names_of(fleet.target(third, fleet.instances[0]))
    assert "ApplicationStart" in ran
    assert "DownloadBundle" not in ran


@pytest.mark.row("CD-M14")
def test_one_zone_after_the_other(fleet: Fleet) -> None:
    cloud = fleet.cloud
    name = cloud.name("by-zone")
    cloud.codedeploy.create_deployment_config(
        deploymentConfigName=name,
        minimumHealthyHosts={"type": "HOST_COUNT", "value": 0},
        zonalConfig={"monitorDurationInSeconds": 60, "firstZoneMonitorDurationInSeconds": 120},
    )
    cloud.afterwards(cloud.codedeploy.delete_deployment_config, deploymentConfigName=name)
    fleet.group(deploymentConfigName=name)
    deployment = fleet.deploy("good.zip")
    assert fleet.ended(deployment)["status"] == "Succeeded"
    spans: list[tuple[Any, Any]] = []
    for instance in fleet.instances:
        events = fleet.target(deployment, instance)["lifecycleEvents"]
        spans.append((events[0]["startTime"], events[-1]["endTime"]))
    spans.sort()
    pauses = [
        (later[0] - earlier[1]).total_seconds() for earlier, later in itertools.pairwise(spans)
    ]
    assert pauses[0] >= cloud.seconds(120)
    assert pauses[1] >= cloud.seconds(60)


@pytest.mark.row("CD-E07", "CD-M12", "CD-R01", "CD-R03", "X-CDTRIGGER")
def test_a_failure_is_told_and_rolled_back(fleet: Fleet) -> None:
    cloud = fleet.cloud
    inbox = TopicInbox(cloud)
    fleet.group(
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
        triggerConfigurations=[
            {
                "triggerName": "team",
                "triggerTargetArn": inbox.topic,
                "triggerEvents": ["DeploymentFailure"],
            }
        ],
    )
    nothing_before = fleet.ended(fleet.deploy("bad.zip"))
    assert nothing_before["status"] == "Failed"
    assert "rollbackDeploymentId" not in nothing_before.get("rollbackInfo", {})
    assert fleet.ended(fleet.deploy("good.zip"))["status"] == "Succeeded"
    failed = fleet.deploy("bad.zip")
    info = fleet.ended(failed)
    assert info["status"] == "Failed"
    started = event_of(fleet.target(failed, fleet.instances[0]), "ApplicationStart")
    assert started["diagnostics"]["errorCode"] == "ScriptFailed"
    assert "no such file" in started["diagnostics"]["logTail"]
    back = fleet.info(failed)["rollbackInfo"]["rollbackDeploymentId"]
    rollback = fleet.ended(back)
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed
    assert rollback["revision"]["s3Location"]["key"] == "good.zip"
    cloud.until(lambda: len(inbox.all()) >= 2, 60, "a message for each failure")
    assert {one["status"] for one in inbox.received} == {"FAILED"}
    assert len({one["deploymentId"] for one in inbox.received}) == 2


@pytest.mark.row("CD-M11")
def test_a_stopped_instance_counts_as_a_failed_one(fleet: Fleet) -> None:
    stopped = fleet.instances[0]
    fleet.cloud.ec2.stop_instances(InstanceIds=[stopped])
    fleet.cloud.until(lambda: fleet.state(stopped) == "stopped", 300)
    fleet.group()
    deployment = fleet.deploy("good.zip")
    info = fleet.ended(deployment)
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"]["Failed"] == 1
    assert fleet.target(deployment, stopped)["status"] == "Failed"
