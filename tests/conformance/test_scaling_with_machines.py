"""Scaling by alarms, with instances: target tracking, steps, cooldowns and suspension."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import Fleet, customized

pytestmark = pytest.mark.slow
NAMESPACE = "conformance"
MINUTE = 60.0


class Signal:
    """A metric of one's own that a test keeps at a value."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.name, self.value = cloud, cloud.name("signal"), 0.0
        self._stopping = threading.Event()

    def _put(self) -> None:
        client = self.cloud.client("cloudwatch")
        while not self._stopping.wait(max(0.5, self.cloud.seconds(20))):
            datum = {"MetricName": self.name, "Value": self.value}
            client.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

    @contextmanager
    def at(self, value: float) -> Iterator[Signal]:
        """Keep the metric at a value meanwhile."""
        self.value = value
        thread = threading.Thread(target=self._put, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            thread.join(10)

    def track(self, target: float) -> dict[str, Any]:
        """Return a policy that tracks it."""
        return customized(target, MetricName=self.name, Namespace=NAMESPACE, Statistic="Average")

    def alarm(self, action: str, threshold: float) -> str:
        """Make an alarm that goes off above a threshold; return its name."""
        self.cloud.cloudwatch.put_metric_alarm(
            AlarmName=self.name,
            Namespace=NAMESPACE,
            MetricName=self.name,
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=threshold,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[action],
        )
        self.cloud.afterwards(self.cloud.cloudwatch.delete_alarms, AlarmNames=[self.name])
        return self.name


@pytest.fixture
def signal(cloud: Cloud) -> Signal:
    return Signal(cloud)


def steps(*adjustments: int, kind: str = "ChangeInCapacity", warmup: int = 0) -> dict[str, Any]:
    """Return a step policy: one adjustment for each ten above the threshold."""
    found: list[dict[str, Any]] = []
    for place, adjustment in enumerate(adjustments):
        step: dict[str, Any] = {
            "MetricIntervalLowerBound": 10.0 * place,
            "ScalingAdjustment": adjustment,
        }
        if place + 1 < len(adjustments):
            step["MetricIntervalUpperBound"] = 10.0 * (place + 1)
        found.append(step)
    return {
        "PolicyType": "StepScaling",
        "AdjustmentType": kind,
        "StepAdjustments": found,
        "EstimatedInstanceWarmup": warmup,
    }


@pytest.mark.row("ASG-S05", "ASG-S06", "ASG-S07", "ASG-S22")
def test_tracking_rounds_up_and_scales_in_one_by_one(
    cloud: Cloud, network: Network, signal: Signal
) -> None:
    fleet = Fleet(cloud, network, 3, MaxSize=6, MinSize=3)
    fleet.policy(**signal.track(50.0), EstimatedInstanceWarmup=1800)
    cloud.pause(5 * MINUTE)
    assert fleet.desired == 3
    with signal.at(75.0):
        cloud.until(lambda: fleet.desired != 3, 6 * MINUTE)
        assert fleet.desired == 5
        signal.value = 1.0
        fleet.wait_for(5, within=600)
        low = next(
            one["AlarmName"]
            for one in fleet.call("describe_policies")["ScalingPolicies"][0]["Alarms"]
            if "AlarmLow" in one["AlarmName"]
        )
        cloud.until(
            lambda: (
                cloud.cloudwatch.describe_alarms(AlarmNames=[low])["MetricAlarms"][0]["StateValue"]
                == "ALARM"
            ),
            20 * MINUTE,
        )
        cloud.pause(2 * MINUTE)
        assert fleet.desired == 5, "instances that warm up block a scale-in"
        fleet.policy(**signal.track(50.0), EstimatedInstanceWarmup=0)
        cloud.until(lambda: fleet.desired == 4, 20 * MINUTE)
        cloud.until(lambda: fleet.desired == 3, 5 * MINUTE)
    causes = " ".join(one["Cause"] for one in fleet.activities())
    for alarm, change in (("AlarmHigh", "from 3 to 5"), ("AlarmLow", "from 5 to 4")):
        assert f"a monitor alarm TargetTracking-{fleet.name}-{alarm}-" in causes
        assert f"triggered policy policy changing the desired capacity {change}." in causes


@pytest.mark.row("ASG-S04")
def test_all_policies_must_want_less(cloud: Cloud, network: Network, signal: Signal) -> None:
    fleet = Fleet(cloud, network, 2, MinSize=1)
    other = Signal(cloud)
    with signal.at(1.0), other.at(49.0):
        fleet.policy("one", **signal.track(50.0))
        fleet.policy("two", **other.track(50.0))
        cloud.pause(18 * MINUTE)
        assert fleet.desired == 2
        other.value = 1.0
        cloud.until(lambda: fleet.desired == 1, 20 * MINUTE)


@pytest.mark.row("ASG-S21", "ASG-P05")
def test_an_alarm_goes_on_as_long_as_it_lasts(
    cloud: Cloud, network: Network, signal: Signal
) -> None:
    fleet = Fleet(cloud, network, 1, MaxSize=3)
    arn = fleet.policy(**steps(1))["PolicyARN"]
    fleet.call("suspend_processes", ScalingProcesses=["AlarmNotification"])
    name = signal.alarm(arn, 50.0)
    with signal.at(55.0):
        cloud.until(
            lambda: (
                cloud.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]
                == "ALARM"
            ),
            4 * MINUTE,
        )
        cloud.pause(2 * MINUTE)
        assert fleet.desired == 1
        fleet.call("resume_processes", ScalingProcesses=["AlarmNotification"])
        cloud.until(lambda: fleet.desired == 2, 2 * MINUTE)
        cloud.until(lambda: fleet.desired == 3, 5 * MINUTE)


@pytest.mark.row("ASG-S16", "ASG-S07")
def test_warming_instances_count_for_the_next_step(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 2)
    fleet.policy(**steps(1, 2, warmup=3600))

    def execute(value: float) -> int:
        fleet.call("execute_policy", PolicyName="policy", MetricValue=value, BreachThreshold=50.0)
        return fleet.desired

    assert execute(55.0) == 3
    assert execute(55.0) == 3
    assert execute(60.0) == 4


@pytest.mark.row("ASG-S08")
def test_a_warm_up_falls_back_to_the_cooldown(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1, DefaultCooldown=240)
    cloud.pause(30)
    policy = steps(1)
    del policy["EstimatedInstanceWarmup"]
    fleet.policy(**policy)

    def execute() -> int:
        fleet.call("execute_policy", PolicyName="policy", MetricValue=55.0, BreachThreshold=50.0)
        return fleet.desired

    assert execute() == 2
    fleet.wait_for(2, within=600)
    assert execute() == 2
    cloud.pause(270)
    assert execute() == 3
    fleet.wait_for(3, within=600)
    fleet.call("update_auto_scaling_group", DefaultInstanceWarmup=0)
    assert execute() == 4


@pytest.mark.row("ASG-S10", "ASG-S11", "ASG-S12")
def test_a_cooldown_begins_when_the_instance_is_there(cloud: Cloud, network: Network) -> None:
    fleet = Fleet(cloud, network, 1, DefaultCooldown=120)
    cloud.pause(30)
    fleet.policy(AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)
    run = {"PolicyName": "policy", "HonorCooldown": True}
    fleet.call("execute_policy", **run)
    assert fleet.desired == 2
    for name, settings in (
        ("execute_policy", run),
        ("set_desired_capacity", {"DesiredCapacity": 3, "HonorCooldown": True}),
    ):
        with pytest.raises(ClientError, match="ScalingActivityInProgress"):
            fleet.call(name, **settings)
    fleet.wait_for(2, within=600)
    with pytest.raises(ClientError, match="ScalingActivityInProgress"):
        fleet.call("execute_policy", **run)
    cloud.pause(150)

    def executed() -> bool:
        try:
            fleet.call("execute_policy", **run)
        except ClientError:
            return False
        return True

    cloud.until(executed, 60)
    assert fleet.desired == 3


@pytest.mark.row("ASG-M03")
def test_a_maintenance_policy_does_not_govern_scale_in(cloud: Cloud, network: Network) -> None:
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    fleet = Fleet(cloud, network, 2, InstanceMaintenancePolicy=policy)
    launched = sum("Launching" in one["Description"] for one in fleet.activities())
    fleet.capacity(1)
    fleet.wait_for(1, within=600)
    assert sum("Launching" in one["Description"] for one in fleet.activities()) == launched
