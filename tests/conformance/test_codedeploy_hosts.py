"""How many instances CodeDeploy deploys to at a time, in which order, and how many may fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import FLAGGED, Fleet, appspec, service_role

pytestmark = pytest.mark.slow
SIZE = 5


@pytest.fixture(scope="module")
def five(everywhere: Cloud, network: Network) -> Iterator[Fleet]:
    """Five instances, to which all of these tests deploy, each with a group of its own."""
    cloud = everywhere.beside()
    try:
        made = Fleet(cloud, network, service_role(cloud), SIZE)
        made.upload("v1.zip", appspec(ApplicationStart="start.sh"), start=FLAGGED)
        made.upload("v2.zip", appspec(ApplicationStart="start.sh"), start=FLAGGED)
        yield made
    finally:
        cloud.clean_up()


@pytest.fixture
def fleet(five: Fleet) -> Fleet:
    five.flag()
    five.group()
    return five


def make_last(fleet: Fleet) -> str:
    """Deploy so that only one instance is up to date, and return it: its turn is the last one."""
    last = fleet.instances[2]
    others = [name for name in fleet.instances if name != last]
    fleet.flag(*others)
    info = fleet.ended(fleet.deploy("v1.zip"))
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"]["Failed"] == SIZE - 1
    assert info["deploymentOverview"]["Succeeded"] == 1
    return last


@pytest.mark.row("CD-M03")
def test_a_minimum_that_rounds_up_to_all_touches_nothing(fleet: Fleet) -> None:
    deployment = fleet.deploy("v1.zip", deploymentConfigName=fleet.config("FLEET_PERCENT", 95))
    info = fleet.ended(deployment)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS_INVALID"
    assert fleet.started(deployment) == []
    assert info["deploymentOverview"]["Succeeded"] + info["deploymentOverview"]["Failed"] == 0


@pytest.mark.row("CD-M04", "CD-M06", "CD-M09", "CD-M10")
def test_one_at_a_time_and_only_the_last_may_fail(fleet: Fleet) -> None:
    all_but_one = fleet.config("HOST_COUNT", SIZE - 1)
    last = make_last(fleet)
    fleet.flag(last)
    deployment = fleet.deploy("v1.zip", deploymentConfigName=all_but_one)
    info = fleet.ended(deployment)
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"]["Failed"] == 1
    assert fleet.most_at_once(deployment) == 1
    assert fleet.started(deployment)[-1] == last
    fleet.flag(*fleet.instances)
    deployment = fleet.deploy("v1.zip", deploymentConfigName=all_but_one)
    info = fleet.ended(deployment)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert fleet.started(deployment) == [last], "what failed the last time is not healthy"
    assert info["deploymentOverview"]["Failed"] == 1
    assert info["deploymentOverview"]["Skipped"] == SIZE - 1


@pytest.mark.row("CD-M05")
def test_two_at_a_time_and_the_last_may_be_the_second_failure(fleet: Fleet) -> None:
    all_but_two = fleet.config("HOST_COUNT", SIZE - 2)
    last = make_last(fleet)
    first = next(name for name in fleet.instances if name != last)
    fleet.flag(first, last)
    deployment = fleet.deploy("v1.zip", deploymentConfigName=all_but_two)
    info = fleet.ended(deployment)
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"]["Failed"] == 2
    assert fleet.most_at_once(deployment) == 2
    fleet.flag(*fleet.instances)
    info = fleet.ended(fleet.deploy("v1.zip", deploymentConfigName=all_but_two))
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert info["deploymentOverview"]["Failed"] == 2


@pytest.mark.row("CD-M07", "CD-M08")
@pytest.mark.parametrize(
    ("config", "at_once"),
    [("CodeDeployDefault.HalfAtATime", 2), ("40 %", 3)],
)
def test_a_part_of_the_fleet_at_a_time(fleet: Fleet, config: str, at_once: int) -> None:
    name = fleet.config("FLEET_PERCENT", 40) if config == "40 %" else config
    deployment = fleet.deploy("v1.zip", deploymentConfigName=name)
    assert fleet.ended(deployment)["status"] == "Succeeded"
    assert fleet.most_at_once(deployment) == at_once
    fleet.flag(*fleet.instances)
    info = fleet.ended(fleet.deploy("v2.zip", deploymentConfigName=name))
    assert info["status"] == "Failed"
    assert info["deploymentOverview"]["Failed"] == at_once
    assert info["deploymentOverview"]["Skipped"] == SIZE - at_once
