"""Experiments on a real stack: survived as it is, and not survived with the guarded property broken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from commandline.exit_codes import ExitCode
from loadtest.experiments import files
from loadtest.experiments.models import ExperimentRecord
from region import session
from rehearsal.pulumi_project import Project
from tests.e2e.conftest import lasting
from toolchain import paths

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.alone]

SPEED = "20"
"""The region's waits, so that what AWS takes minutes for takes seconds."""
FREE = {"minSize": "3", "desiredCapacity": "3", "maxSize": "5", "loadProfile": "none"}


class Stack:
    """The stack `ha` in a region of its own, released."""

    def __init__(self, project: Project, directory: Path) -> None:
        self.project, self.directory = project, directory
        self.results = directory / "results"
        self.outputs = directory / "outputs.json"
        self.outputs.write_text(json.dumps(project.outputs("ha")))
        self.environment = {**project.environment(), "LOADTEST_RESULTS": str(self.results)}

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

    def start(self, experiment: Path, *options: str) -> subprocess.Popen[str]:
        more = ("--outputs", str(self.outputs), "--rate", "10", *options)
        return subprocess.Popen(
            self.command("experiment", "run", str(experiment), *more),
            cwd=paths.ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, experiment: Path) -> tuple[int, ExperimentRecord]:
        with self.start(experiment) as process:
            printed = process.communicate(timeout=400)[0]
        written = sorted(self.results.glob("*/experiment.json"))
        assert written, printed
        return process.returncode, ExperimentRecord.model_validate_json(written[-1].read_text())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("experiments")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with lasting(directory / "region") as rehearsal:
        assert rehearsal("start", "--speed", SPEED).returncode == 0
        project = Project(session.require(rehearsal.root), rehearsal.root)
        project.prepare("ha", {**FREE, "listenerPort": port, "appPath": str(paths.REVISION)})
        project.up("ha")
        yield Stack(project, directory)


def changed(stack: Stack, name: str, *, recovery_s: float, **arguments: float) -> Path:
    """The experiment of the library with other times, for a region that is faster."""
    raw = files.find(name).raw
    raw["extensions"][0] |= {"recovery_s": recovery_s, "warm_up_s": 3}
    raw["method"][0]["provider"]["arguments"] |= arguments
    path = stack.directory / f"{name}.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def shown(record: ExperimentRecord) -> ExperimentRecord:
    if record.host_reasons:
        pytest.skip(f"this computer is too busy: {record.host_reasons[0]}")
    return record


def test_the_stack_survives_an_instance_that_dies(stack: Stack) -> None:
    code, record = stack.run(changed(stack, "instance-dies", recovery_s=240))
    assert record.left == []
    (target,) = record.targets
    found = stack.client("ec2").describe_instances(InstanceIds=[target.id])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] != "running"
    assert shown(record).outcome == "survived", record.reasons
    assert code == ExitCode.SUCCESS
    assert record.recovery_measured_s is not None


def test_without_elb_health_checks_a_hung_instance_stays(stack: Stack) -> None:
    group = json.loads(stack.outputs.read_text())["autoScalingGroupName"]
    scaling = stack.client("autoscaling")
    scaling.update_auto_scaling_group(AutoScalingGroupName=group, HealthCheckType="EC2")
    try:
        hung = changed(stack, "instance-hangs", recovery_s=40, seconds=100)
        code, record = stack.run(hung)
    finally:
        scaling.update_auto_scaling_group(AutoScalingGroupName=group, HealthCheckType="ELB")
    assert record.reverted == [f"{record.targets[0].id}: the service goes on"]
    assert shown(record).outcome == "not survived"
    assert "experiment.not-recovered" in [one.id for one in record.reasons]
    assert code == ExitCode.BROKEN_PROMISE


def test_a_killed_experiment_leaves_nothing_broken(stack: Stack) -> None:
    cut = changed(stack, "database-cut", recovery_s=120, seconds=100)
    process = stack.start(cut)
    ec2 = stack.client("ec2")
    marked = [{"Name": "tag-key", "Values": ["haproof:fault"]}]
    deadline = time.monotonic() + 120
    while not ec2.describe_network_acls(Filters=marked)["NetworkAcls"]:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    deadline = time.monotonic() + 60
    while ec2.describe_network_acls(Filters=marked)["NetworkAcls"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    recovered = subprocess.run(
        stack.command("recover-faults"),
        cwd=paths.ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert recovered.stdout.strip() == "no experiment has left anything"
