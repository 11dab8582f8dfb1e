"""Metrics of instances from what their machines use."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from region.network.traffic import Traffic, of_instance, parse
from region.services.ec2 import instances as ec2
from region.services.ec2.metrics import InstanceMetricsController

DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
i-0123456789abc: 100 2 0 0 0 0 0 0 3000 40 0 0 0 0 0 0
    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
"""


def test_what_the_region_receives_the_instance_sent():
    assert of_instance(parse(DEV), "i-00000123456789abc") == Traffic(3000, 100, 40, 2)
    assert of_instance(parse(DEV), "i-else") == Traffic()


@dataclass
class BusyPool:
    """Machines that use both vCPUs fully."""

    cpu_factor = 3.0
    names: list[str] = field(default_factory=list[str])
    held: dict[str, float | None] = field(default_factory=dict[str, float | None])
    after_deployments: dict[str, bool] = field(default_factory=dict[str, bool])
    """Whether credits count for instances that a deployment has reached, too."""

    def machines(self) -> Any:
        kind = SimpleNamespace(vcpus=2)
        return [
            SimpleNamespace(
                spec=SimpleNamespace(instance_id=name, type=kind),
                hold_to=partial(self._hold_to, name),
                usage=lambda: SimpleNamespace(cpu_seconds=2.0 * 3.0 * time.time()),
            )
            for name in self.names
        ]

    def _hold_to(self, name: str, vcpus: float | None, *, also_deployed: bool) -> None:
        self.held[name], self.after_deployments[name] = vcpus, also_deployed


@pytest.fixture
def speed():
    return 120.0


@pytest.fixture
def measured(plane, aws, network):
    """An instance with basic monitoring and one with detailed, both busy for two hours or so."""
    pool = BusyPool()
    controller = InstanceMetricsController(plane, pool, dict)
    for detailed in (False, True):
        made = aws.ec2.run_instances(
            ImageId="ami-12345678",
            InstanceType="t4g.nano",
            MinCount=1,
            MaxCount=1,
            SubnetId=network.subnets[0],
            Monitoring={"Enabled": detailed},
            CreditSpecification={"CpuCredits": "unlimited" if detailed else "standard"},
        )
        pool.names.append(made["Instances"][0]["InstanceId"])
    with plane.lock:
        for instance in plane.backend("ec2").all_instances():
            ec2.set_state(instance, ec2.RUNNING)
    until = time.monotonic() + 6.5
    while time.monotonic() < until:
        controller.reconcile()
        time.sleep(0.02)
    return aws.cloudwatch, pool


def points(cloudwatch, name, instance):
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/EC2",
                        "MetricName": name,
                        "Dimensions": [{"Name": "InstanceId", "Value": instance}],
                    },
                    "Period": 1,
                    "Stat": "Average",
                },
            }
        ],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        ScanBy="TimestampAscending",
    )["MetricDataResults"][0]
    return found["Values"]


def test_usage_credits_and_status(measured):
    cloudwatch, pool = measured
    basic, detailed = pool.names
    for instance in (basic, detailed):
        assert points(cloudwatch, "CPUUtilization", instance) == pytest.approx(
            [100.0] * len(points(cloudwatch, "CPUUtilization", instance)), abs=15.0
        )
    # A minute is half a second here.
    assert len(points(cloudwatch, "CPUUtilization", detailed)) >= 5
    assert 1 <= len(points(cloudwatch, "CPUUtilization", basic)) <= 3
    assert set(points(cloudwatch, "StatusCheckFailed", basic)) == {0.0}
    # Two vCPUs for five minutes, unless this computer was too busy to look in time.
    assert max(points(cloudwatch, "CPUCreditUsage", basic)) == pytest.approx(10.0, rel=0.5)
    assert points(cloudwatch, "CPUCreditBalance", basic)[-1] == 0.0
    assert points(cloudwatch, "CPUSurplusCreditBalance", basic) == []
    assert points(cloudwatch, "CPUSurplusCreditBalance", detailed)[-1] > 5.0
    # A standard one without credits has its baseline, an unlimited one all of its vCPUs.
    assert pool.held == {basic: pytest.approx(0.1), detailed: None}
    # After a deployment those of a standard one count as spent.
    assert pool.after_deployments == {basic: False, detailed: True}
