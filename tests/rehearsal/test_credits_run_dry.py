"""A t4g.nano that really runs dry on the region, an `unlimited` one beside it, and what the report says."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from loadtest.messages.message import render
from region import credentials, session
from rehearsal import cpu_credits
from rehearsal.conditions import StackRun
from tests.conformance.cloud import Cloud, Network
from tests.ended_regions import ending

pytestmark = [pytest.mark.region, pytest.mark.slow]

SPEED = 120.0
"""An hour of AWS in half a minute."""
SAVED_UP = 0.5
LOAD_S = 35
BUSY = b"#!/bin/sh\nfor worker in 1 2; do while :; do :; done & done\n"


def _region(root: Path, command: str, *options: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "region", command, "--root", str(root), *options],
        check=True,
        timeout=300,
    )


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    root = tmp_path / "region"
    with ending(root):
        _region(root, "start", "--speed", f"{SPEED:g}", "--credits", f"{SAVED_UP:g}")
        try:
            found, keys = session.require(root), credentials.read(root)
            client = boto3.Session(
                keys.access_key_id, keys.secret_access_key, region_name="ap-northeast-2"
            )
            yield Cloud("ap-northeast-2", SPEED, client, f"http://127.0.0.1:{found.api_port}")
        finally:
            _region(root, "stop")


def launch(cloud: Cloud, network: Network, mode: str) -> str:
    made = cloud.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
        SecurityGroupIds=[network.group],
        UserData=BUSY.decode(),
        CreditSpecification={"CpuCredits": mode},
    )
    return str(made["Instances"][0]["InstanceId"])


class Clients:
    """Clients by name, as the report asks for them."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __getitem__(self, service: str) -> Any:
        return self._cloud.client(service)


def run_of(name: str, began_at: datetime) -> StackRun:
    summary: Any = SimpleNamespace(
        load_began_at=began_at,
        profile=SimpleNamespace(phases=[SimpleNamespace(duration_s=LOAD_S)]),
        instances=[SimpleNamespace(answers=100)],
        requests=SimpleNamespace(valid=100),
    )
    outputs: Any = SimpleNamespace(instance_type="t4g.nano")
    return StackRun(summary, outputs, {name: 0.5})


def test_a_nano_runs_dry_and_an_unlimited_one_pays(cloud: Cloud):
    network, began_at = Network(cloud), datetime.now(UTC)
    standard, unlimited = (launch(cloud, network, mode) for mode in ("standard", "unlimited"))

    def told(name: str) -> cpu_credits.FleetCredits:
        found = cpu_credits.fleet(
            Clients(cloud), run_of(name, began_at), factor=1.0, saved_up=SAVED_UP, speed=SPEED
        )
        assert found is not None
        return found

    cloud.until(lambda: told(standard).instances[0].dry_at, 6 * 3600, "an empty balance")
    # A while at the baseline, which its neighbor is not held to.
    time.sleep(10)
    said = render(told(standard).state)
    assert said.startswith("standard, 0.5 saved up; 1 of 1 instances ran dry, the first ")
    low, high = said.rpartition("first ")[2].partition(" min")[0].split(" to ")
    assert 0 <= int(low) < int(high) <= 180

    def newest(name: str) -> float:
        answer = cloud.cloudwatch.get_metric_statistics(
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Dimensions=[{"Name": "InstanceId", "Value": name}],
            StartTime=began_at,
            EndTime=datetime.now(UTC),
            Period=60,
            Statistics=["Minimum"],
        )
        return min(point["Minimum"] for point in answer["Datapoints"])

    assert newest(standard) < 8  # 5 % of both vCPUs are the baseline
    paid = told(unlimited)
    assert max(value for _, value in paid.instances[0].surplus) > 1
    assert render(paid.state).startswith("unlimited: all vCPUs; up to ")
    assert paid.monthly_usd == pytest.approx(0.4 * 0.04 * 730)
