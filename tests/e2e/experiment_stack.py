"""A released stack `ha` in a region of its own, small and fast, on which tests run experiments."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from loadtest.experiments import files
from loadtest.experiments.models import ExperimentRecord
from loadtest.stack.run_command import UNFINISHED
from region import session
from rehearsal.pulumi_project import Project
from tests.e2e.conftest import Command, lasting
from toolchain import paths

SPEED = "20"
"""The region's waits, so that what AWS takes minutes for takes seconds."""


class Stack:
    """The stack `ha` in a region of its own, released."""

    def __init__(self, rehearsal: Command, project: Project, directory: Path) -> None:
        self.rehearsal, self.project, self.directory = rehearsal, project, directory
        self.results = directory / "results"
        self.outputs = directory / "outputs.json"
        self.outputs.write_text(json.dumps(project.outputs("ha")))

    @property
    def environment(self) -> dict[str, str]:
        return {**self.project.environment(), "LOADTEST_RESULTS": str(self.results)}

    def output(self, name: str) -> str:
        return str(json.loads(self.outputs.read_text())[name])

    def client(self, service: str) -> Any:
        found = self.environment
        return boto3.client(
            service,
            region_name=found["AWS_REGION"],
            endpoint_url=found["AWS_ENDPOINT_URL"],
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "loadtest", *arguments]

    def start(self, *experiments: Path, rate: int = 10) -> subprocess.Popen[str]:
        more = ("--outputs", str(self.outputs), "--rate", str(rate))
        return subprocess.Popen(
            self.command("experiment", "run", *map(str, experiments), *more),
            cwd=paths.ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *experiments: Path) -> tuple[int, list[ExperimentRecord]]:
        """Run experiments and return the exit code and their records."""
        before = set(self.results.glob("*/experiment.json"))
        with self.start(*experiments) as process:
            printed = process.communicate(timeout=400)[0]
        written = sorted(set(self.results.glob("*/experiment.json")) - before)
        assert written, printed
        records = [ExperimentRecord.model_validate_json(one.read_text()) for one in written]
        return process.returncode, records

    def recover(self) -> str:
        """Put back what experiments have left, and return what is said of it."""
        found = subprocess.run(
            self.command("recover-faults"),
            cwd=paths.ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return (found.stdout + found.stderr).strip()

    def changed(self, name: str, *, recovery_s: float, **arguments: float) -> Path:
        """Write the experiment of the library with other times, for a region that is faster.

        Each step gets the arguments that it has already, the first one those that none has.
        """
        raw = files.find(name).raw
        raw["extensions"][0] |= {"recovery_s": recovery_s, "warm_up_s": 3}
        given = [step["provider"].setdefault("arguments", {}) for step in raw["method"]]
        for key, value in arguments.items():
            for one in [one for one in given if key in one] or given[:1]:
                one[key] = value
        path = self.directory / f"{name}.yaml"
        path.write_text(yaml.safe_dump(raw))
        return path


def shown(record: ExperimentRecord) -> ExperimentRecord:
    """Return a record that shows something; skip the test if this computer was too busy for that.

    What was survived on a busy computer has been survived (ADR 51).
    """
    if record.outcome == "not shown" and record.host_reasons:
        pytest.skip(f"this computer is too busy: {record.host_reasons[0]}")
    return record


@contextmanager
def released(directory: Path, instances: int = 3) -> Generator[Stack]:
    """Bring the stack up with so many instances; nothing of it may be left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with lasting(directory / "region") as rehearsal:
        assert rehearsal("start", "--speed", SPEED).returncode == 0
        project = Project(session.require(rehearsal.root), rehearsal.root)
        size = {
            "minSize": str(instances),
            "desiredCapacity": str(instances),
            "maxSize": str(instances + 2),
        }
        own = {"listenerPort": port, "appPath": str(paths.REVISION), "loadProfile": "none"}
        project.prepare("ha", {**size, **own})
        project.up("ha")
        yield Stack(rehearsal, project, directory)


def until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def everywhere(stack: Stack, script: str) -> None:
    """Run a script on all instances, once these are in service."""
    autoscaling, ssm = stack.client("autoscaling"), stack.client("ssm")
    names = list[str]()

    def serve() -> bool:
        found = autoscaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[stack.output("autoScalingGroupName")]
        )["AutoScalingGroups"][0]
        members = found["Instances"]
        names[:] = [one["InstanceId"] for one in members]
        served = {(one["LifecycleState"], one["HealthStatus"]) for one in members}
        return len(names) == found["DesiredCapacity"] and served == {("InService", "Healthy")}

    until(serve, 240)
    command = ssm.send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=names, Parameters={"commands": [script]}
    )["Command"]["CommandId"]

    def ended() -> bool:
        invocations = ssm.list_command_invocations(CommandId=command)["CommandInvocations"]
        statuses = [one["Status"] for one in invocations]
        assert set(statuses) <= {*UNFINISHED, "Success"}, invocations
        return statuses == ["Success"] * len(names)

    until(ended, 120)


@contextmanager
def targets(stack: Stack, **settings: Any) -> Generator[None]:
    """The target group with another health check."""
    client, arn = stack.client("elbv2"), stack.output("targetGroupArn")
    (group,) = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    before = {name: group[name] for name in settings}
    client.modify_target_group(TargetGroupArn=arn, **settings)
    try:
        yield
    finally:
        client.modify_target_group(TargetGroupArn=arn, **before)


@contextmanager
def attribute(
    describe: Callable[[], Any], put: Callable[[Any], Any], key: str, value: str
) -> Generator[None]:
    """An attribute of a load balancer or a target group, changed for a while."""
    before = next(one["Value"] for one in describe()["Attributes"] if one["Key"] == key)
    put([{"Key": key, "Value": value}])
    try:
        yield
    finally:
        put([{"Key": key, "Value": before}])
