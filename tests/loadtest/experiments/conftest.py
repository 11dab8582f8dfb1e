"""A cloud that answers from a dictionary and remembers what it was asked, and experiments on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loadtest.experiments import files
from loadtest.experiments.models import ExperimentFile, ProbeResult, SteadyState
from loadtest.experiments.resources import StackResources
from loadtest.experiments.session import Session
from loadtest.experiments.undo import FaultJournal, Header
from tests.loadtest.conftest import outputs_of

OURS = [{"Key": "Project", "Value": "haproof"}, {"Key": "Stack", "Value": "ha"}]
THEIRS = [{"Key": "Project", "Value": "other"}, {"Key": "Stack", "Value": "ha"}]


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}}, "Operation")


class FakeService:
    def __init__(self, cloud: FakeCloud, name: str) -> None:
        self._cloud, self._name = cloud, name

    def get_paginator(self, operation: str) -> FakePaginator:
        return FakePaginator(getattr(self, operation))

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self._cloud.calls.append((f"{self._name}.{operation}", arguments))
            answer = self._cloud.answers.get(f"{self._name}.{operation}", {})
            if callable(answer):
                answer = answer(**arguments)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class FakePaginator:
    """Everything is on one page."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    def paginate(self, **asked: Any) -> list[Any]:
        return [self.call(**asked)]


class FakeCloud:
    """`cloud.answers["ec2.describe_tags"]` is what the call returns, or a function that makes it."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.clients: dict[str, Any] = {}
        """Of services that something else answers."""

    def __getitem__(self, service: str) -> Any:
        return self.clients.get(service) or FakeService(self, service)

    def called(self, name: str) -> list[dict[str, Any]]:
        return [arguments for operation, arguments in self.calls if operation == name]


def instance(number: int, zone: str, tags: Any = OURS, state: str = "running") -> dict[str, Any]:
    return {
        "InstanceId": f"i-{number}",
        "Placement": {"AvailabilityZone": zone},
        "SubnetId": f"subnet-{zone}",
        "VpcId": "vpc-1",
        "State": {"Name": state},
        "Tags": tags,
    }


@pytest.fixture
def cloud() -> FakeCloud:
    """A stack `ha` with three instances in three zones and a database."""
    made = FakeCloud()
    members = [instance(number, zone) for number, zone in enumerate("abc", 1)]
    made.answers = {
        "autoscaling.describe_auto_scaling_groups": {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": "haproof-ha",
                    "AutoScalingGroupARN": "arn:group",
                    "AvailabilityZones": ["a", "b", "c"],
                    "MinSize": 1,
                    "DesiredCapacity": 3,
                    "MaxSize": 4,
                    "Tags": OURS,
                    "Instances": [
                        {"InstanceId": one["InstanceId"], "LifecycleState": "InService"}
                        for one in members
                    ],
                }
            ]
        },
        "ec2.describe_instances": {"Reservations": [{"Instances": members}]},
        "ec2.describe_tags": lambda **call: {
            "Tags": [
                {"ResourceId": name, **tag}
                for name in call["Filters"][0]["Values"]
                for tag in next((one["Tags"] for one in members if one["InstanceId"] == name), OURS)
            ]
        },
        "ec2.describe_subnets": {
            "Subnets": [
                {"SubnetId": "subnet-a", "VpcId": "vpc-1", "Tags": OURS},
                {"SubnetId": "subnet-x", "VpcId": "vpc-1", "Tags": THEIRS},
            ]
        },
        "rds.describe_db_instances": {
            "DBInstances": [
                {
                    "DBInstanceIdentifier": "db-1",
                    "DBInstanceArn": "arn:db",
                    "MultiAZ": True,
                    "AvailabilityZone": "a",
                    "DBSubnetGroup": {"Subnets": [{"SubnetIdentifier": "subnet-d"}]},
                    "MasterUserSecret": {"SecretArn": "arn:secret", "SecretStatus": "active"},
                    "TagList": OURS,
                }
            ]
        },
        "elbv2.describe_target_groups": {"TargetGroups": [{"Port": 8080}]},
    }
    return made


@pytest.fixture
def stack(cloud: FakeCloud) -> StackResources:
    return StackResources(outputs_of(), cloud)  # type: ignore[arg-type]


@pytest.fixture
def experiment() -> ExperimentFile:
    return files.find("instance-dies")


@pytest.fixture
def session(stack: StackResources, experiment: ExperimentFile, tmp_path: Path) -> Session:
    """An experiment under way, with its journal below `tmp_path`."""
    header = Header("mark-1", 1, "ap-northeast-2", "http://127.0.0.1:1", "instance-dies")
    journal = FaultJournal.create(tmp_path / "faults", header)
    return Session(experiment, stack, "mark-1", journal, tmp_path)


def state(at_s: float, *, met: bool) -> SteadyState:
    probe = ProbeResult(name="failed", at_ms=at_s * 1000, duration_s=0, met=met, value=0.5)
    return SteadyState(at_ms=at_s * 1000, met=met, probes=[probe])
