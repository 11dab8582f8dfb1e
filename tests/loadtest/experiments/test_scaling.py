"""What Auto Scaling did during a load becomes events of the run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loadtest.experiments import scaling
from loadtest.runs import events
from loadtest.stack.outputs import StackOutputs
from tests.loadtest.experiments.conftest import FakeCloud, refused

HIGH = "TargetTracking-web-AlarmHigh-843c471d-eb68-4d18-a7c1-47bb4eaa9dfc"
OWN = "queue-is-long"


def aws(at_s: float) -> datetime:
    return datetime.fromtimestamp(time.time() + at_s, UTC)


def launching(number: int, at_s: float, zone: str, status: str = "Successful") -> dict[str, Any]:
    running = status == "InProgress"
    return {
        "Description": f"Launching a new EC2 instance: i-0{number}",
        "StartTime": aws(at_s),
        **({} if running else {"EndTime": aws(at_s + 20 + number)}),
        "StatusCode": status,
        "Details": json.dumps({"Availability Zone": zone}),
    }


def change(at_s: float, state: str, **data: Any) -> dict[str, Any]:
    new = {"stateValue": state, "stateReason": "Threshold Crossed: 3 datapoints", **data}
    return {"Timestamp": aws(at_s), "HistoryData": json.dumps({"newState": new})}


@pytest.fixture
def cloud() -> FakeCloud:
    cloud = FakeCloud()
    cloud.answers["autoscaling.describe_policies"] = {
        "ScalingPolicies": [
            {"PolicyName": "requests", "Alarms": [{"AlarmName": HIGH}]},
            {"PolicyName": "queue", "Alarms": [{"AlarmName": OWN}]},
        ]
    }
    return cloud


Record = Callable[..., list[events.Event]]


@pytest.fixture
def record(make_outputs: Callable[..., StackOutputs], cloud: FakeCloud, tmp_path: Path) -> Record:
    def recorded(lines: list[str] | None = None) -> list[events.Event]:
        add = scaling.recorder(make_outputs(topology="ha"), cloud, (lines or []).append)
        assert add is not None
        add(tmp_path)
        return events.read(tmp_path)

    return recorded


def test_instances_that_are_launched_together_are_one_step(cloud: FakeCloud, record: Record):
    launched = [launching(1, 100, "zone-a"), launching(2, 103, "zone-b"), launching(3, 400, "a")]
    cloud.answers["autoscaling.describe_scaling_activities"] = {"Activities": launched[::-1]}
    first, later = record()
    assert (first.kind, first.name, first.detail) == (
        "scaling", "launches 2 instances", "zone-a, zone-b",
    )  # fmt: skip
    assert first.until_ms is not None
    assert first.until_ms - first.at_ms == pytest.approx(25_000, abs=100)
    assert (later.name, later.detail) == ("launches 1 instance", "a")


def test_a_step_that_goes_on_has_no_end_and_failed_launches_are_told(
    cloud: FakeCloud, record: Record
):
    launched = [launching(1, 100, "a", "InProgress"), launching(2, 101, "a", "Failed")]
    cloud.answers["autoscaling.describe_scaling_activities"] = {"Activities": launched}
    (step,) = record()
    assert (step.until_ms, step.detail) == (None, "a; 1 of them failed")


def test_what_was_before_the_load_is_not_its_scaling(cloud: FakeCloud, record: Record):
    cloud.answers["autoscaling.describe_scaling_activities"] = {
        "Activities": [launching(1, -60, "a")]
    }
    assert record() == []


def test_an_alarm_lasts_from_its_first_data_point_and_is_named_by_its_policy(
    cloud: FakeCloud, record: Record
):
    since = aws(60).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    changes = [change(300, "ALARM", stateReasonData={"startDate": since}), change(420, "OK")]
    cloud.answers["cloudwatch.describe_alarm_history"] = lambda **asked: {
        "AlarmHistoryItems": changes if asked["AlarmName"] == HIGH else []
    }
    (alarm,) = record()
    assert (alarm.name, alarm.detail) == (
        "AlarmHigh of requests: ALARM", "Threshold Crossed: 3 datapoints",
    )  # fmt: skip
    assert alarm.until_ms is not None
    assert alarm.until_ms - alarm.at_ms == pytest.approx(240_000, abs=1_100)


def test_an_alarm_of_one_s_own_keeps_its_name(cloud: FakeCloud, record: Record):
    cloud.answers["cloudwatch.describe_alarm_history"] = lambda **asked: {
        "AlarmHistoryItems": [change(30, "ALARM")] if asked["AlarmName"] == OWN else []
    }
    assert [one.name for one in record()] == ["queue-is-long: ALARM"]


def test_who_may_not_ask_gets_a_line_and_the_run(cloud: FakeCloud, record: Record):
    cloud.answers["autoscaling.describe_scaling_activities"] = refused("AccessDenied")
    lines = [""]
    assert record(lines) == []
    assert "AccessDenied" in lines[-1]


def test_a_stack_without_a_group_has_nothing_to_record(
    single_outputs: StackOutputs, cloud: FakeCloud
):
    assert scaling.recorder(single_outputs, cloud, print) is None
