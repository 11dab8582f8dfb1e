"""A group that has grown goes back to its size before the next experiment."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.experiments import fleet_size
from loadtest.experiments.fleet_size import Restored
from loadtest.experiments.session import Session
from tests.loadtest.experiments.conftest import FakeCloud


def grow(cloud: FakeCloud, desired: int, smallest: int = 0) -> dict[str, Any]:
    (group,) = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"]
    group |= {"DesiredCapacity": desired, "MinSize": smallest}
    return group


@pytest.fixture
def waits(session: Session, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """One instance leaves the group with each wait."""
    waited = list[float]()
    (group,) = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"]

    def wait(seconds: float) -> None:
        waited.append(seconds)
        group["Instances"].pop()

    monkeypatch.setattr(session, "wait", wait)
    return waited


def test_the_others_have_left_before_it_goes_on(
    session: Session, cloud: FakeCloud, waits: list[float]
):
    group = grow(cloud, 3)
    assert fleet_size.restore(session, 1, longest_s=60) == Restored(3, 1)
    (call,) = cloud.called("autoscaling.set_desired_capacity")
    assert call == {
        "AutoScalingGroupName": session.stack.outputs.auto_scaling_group_name,
        "DesiredCapacity": 1,
        "HonorCooldown": False,
    }
    assert len(group["Instances"]) == 1
    assert len(waits) == 2


@pytest.mark.parametrize(("desired", "smallest"), [(3, 0), (2, 0), (4, 4)])
def test_one_that_has_not_grown_is_left_alone(
    session: Session, cloud: FakeCloud, desired: int, smallest: int
):
    grow(cloud, desired, smallest)
    assert fleet_size.restore(session, 3, longest_s=60) is None
    assert not cloud.called("autoscaling.set_desired_capacity")


def test_it_waits_no_longer_than_it_may(session: Session, cloud: FakeCloud, waits: list[float]):
    grow(cloud, 3)
    assert fleet_size.restore(session, 2, longest_s=0) == Restored(3, 2)
    assert not waits


def test_it_goes_back_to_its_own_minimum_at_the_least(
    session: Session, cloud: FakeCloud, waits: list[float]
):
    grow(cloud, 3, smallest=2)
    assert fleet_size.restore(session, 1, longest_s=60) == Restored(3, 2)
    (call,) = cloud.called("autoscaling.set_desired_capacity")
    assert call["DesiredCapacity"] == 2
    assert len(waits) == 1


@pytest.mark.parametrize(("serving", "waited"), [(3, 1), (2, 0)])
def test_those_who_are_being_replaced_are_waited_for_while_they_serve(
    session: Session, cloud: FakeCloud, waits: list[float], serving: int, waited: int
):
    group = grow(cloud, 2)
    names = [one["InstanceId"] for one in group["Instances"]]
    assert len(names) == 3
    cloud.answers["elbv2.describe_target_health"] = {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": name},
                "TargetHealth": {"State": "healthy" if number < serving else "unhealthy"},
            }
            for number, name in enumerate(names)
        ]
    }
    assert fleet_size.restore(session, 2, longest_s=60) is None
    assert not cloud.called("autoscaling.set_desired_capacity")
    assert len(waits) == waited


def test_nobody_waits_for_an_instance_that_is_set_aside(
    session: Session, cloud: FakeCloud, waits: list[float]
):
    group = grow(cloud, 2)
    group["Instances"][0]["LifecycleState"] = "Standby"
    assert fleet_size.restore(session, 2, longest_s=60) is None
    assert not waits
