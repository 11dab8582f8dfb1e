"""The scaling experiment: one instance per zone behind a load balancer, under load out and in again."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import TYPE, Fleet
from tests.conformance.web import PORT, PROGRAM, USER_DATA, request

MINUTE = 60.0
TARGET = 20.0
"""Requests a minute and instance that the policy keeps: little, so that any computer can send more."""
WITHIN = 3 * MINUTE
"""From the condition of the alarm to the larger capacity; the alarm's own three data points come before."""


class Load:
    """Requests at an even rate, and how many of them failed."""

    def __init__(self, host: str) -> None:
        self.host, self.sent, self.failed = host, 0, 0
        self._stopping = threading.Event()

    def _send(self, pause: float) -> None:
        while not self._stopping.wait(pause):
            self.sent += 1
            try:
                ok = request(self.host, timeout=20).status == 200
            except OSError:
                ok = False
            self.failed += not ok

    @contextmanager
    def at(self, rate: float, senders: int = 4) -> Iterator[Load]:
        """Send this many requests a second meanwhile."""
        threads = [
            threading.Thread(target=self._send, args=(senders / rate,), daemon=True)
            for _ in range(senders)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join(30)


def balanced(cloud: Cloud, network: Network) -> tuple[Fleet, str, str]:
    """Return a group of one instance per zone behind a balancer, the resource label, and the name."""
    group = cloud.elbv2.create_target_group(
        Name=cloud.name("app"),
        Protocol="HTTP",
        Port=PORT,
        VpcId=network.vpc,
        TargetType="instance",
        HealthCheckIntervalSeconds=10,
        HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    cloud.afterwards(cloud.elbv2.delete_target_group, TargetGroupArn=group)
    cloud.elbv2.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    )
    balancer = cloud.elbv2.create_load_balancer(
        Name=cloud.name("lb"), Subnets=network.subnets, SecurityGroups=[network.group]
    )["LoadBalancers"][0]
    arn = balancer["LoadBalancerArn"]
    cloud.afterwards(cloud.elbv2.delete_load_balancer, LoadBalancerArn=arn)
    cloud.elbv2.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    fleet = Fleet(cloud, network, 0)
    lines = "\n".join(f"      {line}" for line in PROGRAM.strip().splitlines())
    text = USER_DATA.format(program=lines, name="fleet")
    data: dict[str, Any] = {"UserData": base64.b64encode(text.encode()).decode()}
    version = fleet.new_version(InstanceType=TYPE, **data)
    fleet.call(
        "update_auto_scaling_group",
        LaunchTemplate={"LaunchTemplateId": fleet.template, "Version": version},
        MinSize=3,
        MaxSize=6,
        DesiredCapacity=3,
        HealthCheckType="ELB",
        HealthCheckGracePeriod=300,
        DefaultInstanceWarmup=30,
    )
    fleet.call("attach_load_balancer_target_groups", TargetGroupARNs=[group])
    fleet.wait_for(3, within=600)

    def healthy() -> bool:
        found = cloud.elbv2.describe_target_health(TargetGroupArn=group)
        states = [one["TargetHealth"]["State"] for one in found["TargetHealthDescriptions"]]
        return states.count("healthy") == 3

    cloud.until(healthy, 600, "three healthy targets")
    label = f"{arn.partition(':loadbalancer/')[2]}/{group.rpartition(':')[2]}"
    return fleet, label, str(balancer["DNSName"])


@pytest.mark.slow
@pytest.mark.row("ASG-S18", "ASG-S19")
def test_out_under_load_and_in_again(cloud: Cloud, network: Network) -> None:
    fleet, label, host = balanced(cloud, network)
    zones = {one["AvailabilityZone"] for one in fleet.describe()["Instances"]}
    assert len(zones) == 3
    answer = fleet.policy(
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "TargetValue": TARGET,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel": label,
            },
        },
    )
    high = next(one["AlarmName"] for one in answer["Alarms"] if "AlarmHigh" in one["AlarmName"])
    load = Load(host)
    began = time.monotonic()
    # Twice the target for each of the three.
    with load.at(3 * 2 * TARGET / MINUTE):
        cloud.until(lambda: fleet.desired > 3, 8 * MINUTE, "a larger capacity")
        elapsed = (time.monotonic() - began) * cloud.speed
        # As many as twice the target needs, or one less where a busy computer sends less.
        assert fleet.desired in {5, 6}
        cloud.until(lambda: len(fleet.names()) == fleet.desired, 10 * MINUTE, "all in service")
    assert load.failed == 0, f"{load.failed} of {load.sent} requests failed"
    alarm_minutes = 3 + 1  # Three data points, and the part of a minute before the first of them.
    assert elapsed < alarm_minutes * MINUTE + WITHIN
    causes = " ".join(one["Cause"] for one in fleet.activities())
    assert f"a monitor alarm {high} in state ALARM triggered policy policy" in causes
    cloud.until(lambda: fleet.desired == 3, 40 * MINUTE, "the smallest capacity again")
    fleet.wait_for(3, within=600)
    zones = {one["AvailabilityZone"] for one in fleet.describe()["Instances"]}
    assert len(zones) == 3
