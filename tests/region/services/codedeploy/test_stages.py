"""Zone after zone: which instances a stage has, how long it is watched, and a deployment by zones."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from region.services.codedeploy.records import ZonalConfig
from region.services.codedeploy.stages import stages_of
from tests.region.builders import Stage

ZONES = st.dictionaries(st.text(min_size=1), st.sampled_from("abcd"), min_size=1)


@given(ZONES, st.integers(0, 100), st.none() | st.integers(0, 100))
def test_every_instance_is_in_one_stage_with_its_whole_zone(
    zones: dict[str, str], monitor: int, first: int | None
) -> None:
    stages = stages_of(zones, ZonalConfig(monitor, first))
    assert sorted(name for stage in stages for name in stage.instances) == sorted(zones)
    assert len(stages) == len(set(zones.values()))
    for stage in stages:
        (zone,) = {zones[name] for name in stage.instances}
        assert stage.instances == {name for name, other in zones.items() if other == zone}
    pauses = [stage.monitor for stage in stages]
    assert pauses[-1] == 0
    if len(pauses) > 1:
        assert pauses[0] == (monitor if first is None else first)
        assert set(pauses[1:-1]) <= {monitor}


@given(ZONES)
def test_without_zones_there_is_one_stage(zones: dict[str, str]) -> None:
    (stage,) = stages_of(zones, None)
    assert stage.instances == zones.keys()
    assert stage.monitor == 0


def _zonal(stage: Stage, *, minimum: int = 0, **zonal: object) -> None:
    stage.aws.codedeploy.create_deployment_config(
        deploymentConfigName="by-zone",
        minimumHealthyHosts={"type": "HOST_COUNT", "value": minimum},
        zonalConfig=zonal,
    )


def test_the_second_zone_waits_for_the_first_and_its_monitoring(stage: Stage) -> None:
    first, second = stage.launch(2, zone=0), stage.launch(2, zone=1)
    _zonal(stage, firstZoneMonitorDurationInSeconds=50)  # One second here.
    stage.group(deploymentConfigName="by-zone")
    begun: dict[str, float] = {}

    def note(machine, event, deployment):
        if event == "Install":
            begun[machine.spec.instance_id] = time.monotonic()
        return False

    stage.pool.failing = note
    assert stage.ended(stage.deploy())["status"] == "Succeeded"
    earlier, later = max(begun[name] for name in first), min(begun[name] for name in second)
    assert later - earlier >= 0.9


def test_a_zone_that_cannot_be_kept_healthy_ends_the_deployment(stage: Stage) -> None:
    stage.launch(2, zone=0)
    spared = stage.launch(2, zone=1)
    _zonal(stage, minimumHealthyHostsPerZone={"type": "HOST_COUNT", "value": 1})
    stage.group(deploymentConfigName="by-zone")
    stage.pool.failing = lambda machine, event, deployment: event == "Install"
    deployment = stage.deploy()
    info = stage.ended(deployment)
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert info["deploymentOverview"]["Failed"] == 1
    assert {stage.target(deployment, name)["status"] for name in spared} == {"Skipped"}


def test_a_zone_that_fails_altogether_is_not_watched(stage: Stage) -> None:
    stage.launch(2, zone=0)
    spared = stage.launch(2, zone=1)
    _zonal(stage, minimum=2, firstZoneMonitorDurationInSeconds=36_000)
    stage.group(deploymentConfigName="by-zone")
    stage.pool.failing = lambda machine, event, deployment: event == "Install"
    deployment = stage.deploy()
    assert stage.ended(deployment)["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert {stage.target(deployment, name)["status"] for name in spared} == {"Skipped"}


def test_a_zonal_configuration_is_described_as_given(stage: Stage) -> None:
    _zonal(stage, monitorDurationInSeconds=30)
    found = stage.aws.codedeploy.get_deployment_config(deploymentConfigName="by-zone")
    assert found["deploymentConfigInfo"]["zonalConfig"] == {
        "monitorDurationInSeconds": 30,
        "minimumHealthyHostsPerZone": {"type": "FLEET_PERCENT", "value": 0},
    }


@pytest.mark.parametrize(
    ("name", "minimum", "code"),
    [
        (
            "CodeDeployDefault.Mine",
            {"type": "HOST_COUNT", "value": 1},
            "InvalidDeploymentConfigNameException",
        ),
        (
            "everything",
            {"type": "FLEET_PERCENT", "value": 100},
            "InvalidMinimumHealthyHostValueException",
        ),
        (
            "as-default",
            {"type": "MOST_CONCURRENCY", "value": 1},
            "InvalidMinimumHealthyHostValueException",
        ),
    ],
)
def test_configurations_that_aws_refuses(
    stage: Stage, name: str, minimum: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientError) as caught:
        stage.aws.codedeploy.create_deployment_config(
            deploymentConfigName=name, minimumHealthyHosts=minimum
        )
    assert caught.value.response["Error"]["Code"] == code


def test_one_at_a_time_is_told_as_concurrency(stage: Stage) -> None:
    found = stage.aws.codedeploy.get_deployment_config(
        deploymentConfigName="CodeDeployDefault.OneAtATime"
    )
    minimum = found["deploymentConfigInfo"]["minimumHealthyHosts"]
    assert minimum == {"type": "MOST_CONCURRENCY", "value": 1}
