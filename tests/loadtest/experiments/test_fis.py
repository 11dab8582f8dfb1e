"""Templates of AWS FIS: held against AWS's own model by botocore, on the stack's own resources only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import capacity, fis, network
from loadtest.experiments.session import Session, under_way
from loadtest.experiments.stop_alarms import StopAlarms
from tests.loadtest.experiments.conftest import OURS, THEIRS, FakeCloud

ALARM = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:a"
GROUP = "arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:1:autoScalingGroupName/haproof-ha"
ROLE = "arn:aws:iam::123456789012:role/experiments"


class Fis:
    """boto3's own client with stubbed answers: a parameter that AWS does not know fails the call."""

    def __init__(self, *states: str) -> None:
        self.client = boto3.client(
            "fis", region_name="ap-northeast-2", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.stub = Stubber(self.client)
        self.client.meta.events.register("before-parameter-build.fis.*", self._note)
        self.answer("create_experiment_template", {"experimentTemplate": {"id": "EXT1"}})
        self.answer("start_experiment", {"experiment": {"id": "EXP1"}})
        for state in states:
            self.answer("get_experiment", self.state(state))
        self.stub.activate()

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked.append((model.name, params))

    def answer(self, operation: str, answer: dict[str, Any]) -> None:
        self.stub.add_response(operation, answer)

    @staticmethod
    def state(state: str) -> dict[str, Any]:
        action = {"actionId": "a", "state": {"status": state}}
        found = {
            "id": "EXP1",
            "state": {"status": state, "reason": "why"},
            "actions": {"fault": action},
        }
        return {"experiment": found}

    def afterwards(self, tags: dict[str, str], state: str) -> None:
        """What the way back finds."""
        one = {"id": "EXP1", "tags": tags, "state": {"status": state}}
        self.answer("list_experiments", {"experiments": [one]})
        if state == "running":
            self.answer("stop_experiment", {"experiment": {"id": "EXP1"}})
        self.answer("get_experiment", self.state("stopped"))
        self.answer(
            "list_experiment_templates", {"experimentTemplates": [{"id": "EXT1", "tags": tags}]}
        )
        self.answer("delete_experiment_template", {"experimentTemplate": {"id": "EXT1"}})

    def called(self, name: str) -> list[dict[str, Any]]:
        return [params for operation, params in self.asked if operation == name]


@pytest.fixture
def on_aws(
    session: Session, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Fis], Session]:
    """An experiment on AWS itself, with FIS in the place of the cloud's."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(fis, "POLL_S", 0.0)
    monkeypatch.setattr(fis, "new_step", lambda: "step1")
    session.fis_role = ROLE
    cloud.answers["sts.get_caller_identity"] = {"Account": "123456789012"}
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    group["AutoScalingGroupARN"] = GROUP
    subnets = cloud.answers["ec2.describe_subnets"]["Subnets"]
    cloud.answers["ec2.describe_subnets"] = lambda **asked: {
        "Subnets": [
            one for one in subnets if one["SubnetId"] in asked.get("SubnetIds", [one["SubnetId"]])
        ]
    }

    def made(found: Fis) -> Session:
        cloud.clients["fis"] = found.client
        return session

    return made


TAGS = {"haproof:fault": "mark-1", "haproof:step": "step1"}


def test_a_zone_without_a_network_is_a_template_about_the_stack_s_own_subnets(
    on_aws: Callable[[Fis], Session], cloud: FakeCloud
) -> None:
    found = Fis("pending", "running", "completed")
    found.afterwards(TAGS, "completed")
    session = on_aws(found)
    cloud.answers["cloudwatch.describe_alarms"] = {
        "MetricAlarms": [{"AlarmName": "a", "AlarmArn": ALARM, "StateValue": "OK"}]
    }
    session.stop_alarms = StopAlarms.of(cloud["cloudwatch"], ["a"])
    with under_way(session):
        network.lose_zone("silent", "a", seconds=90)
    (template,) = found.called("CreateExperimentTemplate")
    # One subnet of the zone is somebody else's.
    assert template["targets"] == {
        "all": {
            "resourceType": "aws:ec2:subnet",
            "resourceArns": ["arn:aws:ec2:ap-northeast-2:123456789012:subnet/subnet-a"],
            "selectionMode": "ALL",
        }
    }
    (action,) = template["actions"].values()
    assert action["actionId"] == "aws:network:disrupt-connectivity"
    assert action["parameters"] == {"scope": "all", "duration": "PT2M"}
    assert template["roleArn"] == ROLE
    assert template["tags"] == TAGS
    assert template["stopConditions"] == [{"source": "aws:cloudwatch:alarm", "value": ALARM}]
    assert found.called("StartExperiment")[0]["tags"] == TAGS
    assert found.called("DeleteExperimentTemplate") == [{"id": "EXT1"}]
    found.stub.assert_no_pending_responses()
    assert session.journal is not None
    assert session.journal.to_put_back == []


def test_no_capacity_is_a_template_about_the_stack_s_own_group(
    on_aws: Callable[[Fis], Session],
) -> None:
    found = Fis("running", "completed")
    found.afterwards(TAGS, "completed")
    with under_way(on_aws(found)):
        capacity.no_capacity(seconds=120)
    (template,) = found.called("CreateExperimentTemplate")
    assert template["targets"]["all"]["resourceArns"] == [GROUP]
    (action,) = template["actions"].values()
    assert action["parameters"] == {
        "availabilityZoneIdentifiers": "a,b,c", "percentage": "100", "duration": "PT2M",
    }  # fmt: skip
    assert template["stopConditions"] == [{"source": "none"}]


def test_a_subnet_that_is_somebody_else_s_by_the_time_of_the_call_is_left_alone(
    on_aws: Callable[[Fis], Session], cloud: FakeCloud
) -> None:
    found = Fis()
    session = on_aws(found)
    before = cloud.answers["ec2.describe_tags"]

    def described(**call: Any) -> Any:
        names = call["Filters"][0]["Values"]
        if names == ["subnet-a"]:
            return {"Tags": [{"ResourceId": "subnet-a", **tag} for tag in THEIRS]}
        return before(**call)

    assert OURS != THEIRS
    cloud.answers["ec2.describe_tags"] = described
    with under_way(session), pytest.raises(ExperimentError, match="subnet-a does not carry"):
        network.lose_zone("silent", "a")
    assert found.asked == []
    assert session.journal is not None
    assert session.journal.to_put_back == []


@pytest.mark.parametrize("state", ["failed", "stopped", "cancelled"])
def test_what_fis_did_not_carry_out_is_no_fault_that_was_survived(
    on_aws: Callable[[Fis], Session], state: str
) -> None:
    found = Fis("running", state)
    found.afterwards(TAGS, state)
    with under_way(on_aws(found)), pytest.raises(ExperimentError, match=f"{state}: why"):
        network.lose_zone("silent", "a")
    assert found.called("DeleteExperimentTemplate") == [{"id": "EXT1"}]


def test_whoever_interrupts_it_stops_it_in_fis(on_aws: Callable[[Fis], Session]) -> None:
    found = Fis("running")
    found.afterwards(TAGS, "running")
    session = on_aws(found)
    session.stopping = threading.Event()
    session.stopping.set()
    with under_way(session):
        network.lose_zone("silent", "a")
    assert found.called("StopExperiment") == [{"id": "EXP1"}]
    found.stub.assert_no_pending_responses()


def test_the_price_is_that_of_whole_minutes() -> None:
    assert [fis.costs(seconds) for seconds in (1, 60, 61, 600)] == [
        "AWS FIS: 0.10 USD", "AWS FIS: 0.10 USD", "AWS FIS: 0.20 USD", "AWS FIS: 1.00 USD",
    ]  # fmt: skip


def test_any_parameter_that_aws_does_not_know_would_be_noticed_here() -> None:
    found = Fis()
    with pytest.raises(Exception, match="Unknown parameter"):
        found.client.create_experiment_template(zone="a", description="d", roleArn=ROLE)
