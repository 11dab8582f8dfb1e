"""Metrics of instances and their CPU credits, and experiments on them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.roles import make_role

BUSY = "#!/bin/sh\nfor worker in 1 2; do while :; do :; done & done\n"
FIVE_MINUTES = 300.0


class Machine:
    """A burstable instance."""

    def __init__(self, cloud: Cloud, network: Network, **settings: Any) -> None:
        self.cloud = cloud
        made = cloud.ec2.run_instances(
            **{
                "ImageId": network.image,
                "InstanceType": "t4g.nano",
                "MinCount": 1,
                "MaxCount": 1,
                "SubnetId": network.subnets[0],
                "SecurityGroupIds": [network.group],
            }
            | settings
        )
        self.name = str(made["Instances"][0]["InstanceId"])
        cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[self.name])

    @property
    def state(self) -> str:
        """The instance's state."""
        found = self.cloud.ec2.describe_instances(InstanceIds=[self.name])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    def points(self, metric: str) -> list[tuple[float, float]]:
        """Return when which values were measured, in epoch seconds, the oldest first."""
        now = datetime.now(UTC)
        found = self.cloud.cloudwatch.get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "m1",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/EC2",
                            "MetricName": metric,
                            "Dimensions": [{"Name": "InstanceId", "Value": self.name}],
                        },
                        "Period": 60 if self.cloud.is_aws else 1,
                        "Stat": "Average",
                    },
                }
            ],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=2),
            ScanBy="TimestampAscending",
        )["MetricDataResults"][0]
        times = [moment.timestamp() for moment in found["Timestamps"]]
        return list(zip(times, found["Values"], strict=True))

    def until_points(self, metric: str, count: int, within: float = 1800) -> list[Any]:
        """Wait for a number of data points."""
        self.cloud.until(lambda: len(self.points(metric)) >= count, within, f"{count} of {metric}")
        return self.points(metric)


def gaps(points: list[tuple[float, float]]) -> Iterator[float]:
    """Yield the seconds between data points."""
    return (later[0] - earlier[0] for earlier, later in itertools.pairwise(points))


@pytest.mark.slow
@pytest.mark.row("EC2-L04", "EC2-L06", "EC2-C01", "EC2-C05", "EC2-C11")
def test_an_idle_instance(cloud: Cloud, network: Network) -> None:
    basic = Machine(cloud, network, CreditSpecification={"CpuCredits": "standard"})
    detailed = Machine(cloud, network, Monitoring={"Enabled": True})
    balance = basic.until_points("CPUCreditBalance", 4)
    every = pytest.approx(cloud.seconds(FIVE_MINUTES), abs=1.1)
    assert list(gaps(balance)) == [every] * (len(balance) - 1)
    earned = [later[1] - earlier[1] for earlier, later in itertools.pairwise(balance)]
    assert earned[1:] == pytest.approx([0.5] * (len(earned) - 1), abs=0.1)
    assert list(gaps(basic.points("CPUUtilization")))[-1] == every
    minute = pytest.approx(cloud.seconds(60), abs=1.1)
    assert list(gaps(detailed.points("CPUUtilization")))[-1] == minute
    assert {value for _, value in basic.points("StatusCheckFailed")} == {0.0}
    assert list(gaps(basic.points("StatusCheckFailed_System")))[-1] == minute
    assert basic.points("CPUSurplusCreditBalance") == []
    assert detailed.points("CPUSurplusCreditBalance")


@pytest.mark.slow
@pytest.mark.row("EC2-C02", "EC2-C07", "EC2-C09", "EC2-C12")
def test_a_busy_instance(cloud: Cloud, network: Network) -> None:
    busy = Machine(cloud, network, UserData=BUSY, CreditSpecification={"CpuCredits": "unlimited"})
    usage = busy.until_points("CPUCreditUsage", 4)
    used = max(value for _, value in usage)
    share = max(value for _, value in busy.points("CPUUtilization")) / 100
    assert 1.0 < used <= 10.1
    assert used == pytest.approx(10 * share, rel=0.4)
    surplus = busy.points("CPUSurplusCreditBalance")
    assert surplus[-1][1] > surplus[0][1]
    cloud.ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": busy.name, "CpuCredits": "standard"}]
    )
    cloud.until(lambda: any(value > 1 for _, value in busy.points("CPUSurplusCreditsCharged")), 900)


@pytest.mark.slow
@pytest.mark.row("EC2-C03", "EC2-C06")
def test_without_credits_it_comes_down_to_its_baseline(cloud: Cloud, network: Network) -> None:
    busy = Machine(
        cloud,
        network,
        UserData=BUSY,
        CreditSpecification={"CpuCredits": "standard"},
        Monitoring={"Enabled": True},
    )

    def slow() -> bool:
        newest = [value for _, value in busy.points("CPUUtilization")[-3:]]
        return len(newest) == 3 and max(newest) < 8

    cloud.until(slow, 3600, "the baseline of 5 %")
    assert busy.points("CPUUtilization")[-1][1] > 2
    # It has no launch credits: it may come down before the first point of 5 minutes.
    assert busy.until_points("CPUCreditBalance", 1)[-1][1] < 1


@pytest.mark.slow
@pytest.mark.row("EC2-C10")
def test_a_balance_outlasts_a_stop(cloud: Cloud, network: Network) -> None:
    rested = Machine(cloud, network, CreditSpecification={"CpuCredits": "standard"})
    before = rested.until_points("CPUCreditBalance", 4)
    cloud.ec2.stop_instances(InstanceIds=[rested.name])
    cloud.until(lambda: rested.state == "stopped", 300)
    cloud.pause(300)
    count = len(rested.points("CPUCreditBalance"))
    cloud.ec2.start_instances(InstanceIds=[rested.name])
    after = rested.until_points("CPUCreditBalance", count + 1)
    assert after[-1][1] >= before[-1][1]


@pytest.mark.row("EC2-C04", "EC2-C14")
def test_modes_of_credits(cloud: Cloud, network: Network) -> None:
    def template(**data: Any) -> str:
        settings = {"ImageId": network.image, "InstanceType": "t4g.nano"} | data
        name = cloud.name("credits")
        cloud.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=settings)
        cloud.afterwards(cloud.ec2.delete_launch_template, LaunchTemplateName=name)
        return name

    def mode(names: list[str]) -> list[str]:
        found = cloud.ec2.describe_instance_credit_specifications(InstanceIds=names)
        return [one["CpuCredits"] for one in found["InstanceCreditSpecifications"]]

    plain = Machine(cloud, network)
    assert mode([plain.name]) == ["unlimited"]
    group = cloud.name("credits")
    cloud.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=group,
        LaunchTemplate={
            "LaunchTemplateName": template(CreditSpecification={"CpuCredits": "standard"})
        },
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=network.subnets[0],
    )
    cloud.afterwards(
        cloud.autoscaling.delete_auto_scaling_group, AutoScalingGroupName=group, ForceDelete=True
    )

    def members() -> list[str]:
        found = cloud.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        return [one["InstanceId"] for one in found["AutoScalingGroups"][0]["Instances"]]

    assert mode(cloud.until(members, 120, "an instance of the group")) == ["standard"]


@pytest.mark.slow
@pytest.mark.row("EC2-C08", "EC2-C13")
def test_a_day_of_earnings_is_the_limit_of_balance_and_surplus(hurried: Cloud) -> None:
    network, most = Network(hurried), pytest.approx(144, abs=0.01)
    idle = Machine(hurried, network, CreditSpecification={"CpuCredits": "standard"})
    busy = Machine(hurried, network, UserData=BUSY, CreditSpecification={"CpuCredits": "unlimited"})
    charged = "CPUSurplusCreditsCharged"
    hurried.until(lambda: any(value > 0 for _, value in busy.points(charged)), 12 * 3600, charged)
    assert max(value for _, value in busy.points("CPUSurplusCreditBalance")) == most
    hurried.ec2.terminate_instances(InstanceIds=[busy.name])

    def balance() -> list[float]:
        return [value for _, value in idle.points("CPUCreditBalance")]

    hurried.until(lambda: balance()[-1:] > [143.0], 30 * 3600, "a day of earnings")
    hurried.pause(4 * 3600)
    assert balance()[-1] == most
    assert max(balance()) == most


@pytest.mark.slow
@pytest.mark.row("FIS-E01")
def test_an_experiment_stops_an_instance(cloud: Cloud, network: Network) -> None:
    target = Machine(cloud, network)
    cloud.until(lambda: target.state == "running", 120)
    role = make_role(cloud, cloud.name("fis"), "fis.amazonaws.com")
    account = role.split(":")[4]
    arn = f"arn:aws:ec2:{cloud.region}:{account}:instance/{target.name}"
    template = cloud.fis.create_experiment_template(
        description="stop",
        roleArn=role,
        stopConditions=[{"source": "none"}],
        targets={
            "one": {
                "resourceType": "aws:ec2:instance",
                "resourceArns": [arn],
                "selectionMode": "ALL",
            }
        },
        actions={
            "stop": {
                "actionId": "aws:ec2:stop-instances",
                "targets": {"Instances": "one"},
                "parameters": {"startInstancesAfterDuration": "PT2M"},
            }
        },
    )["experimentTemplate"]["id"]
    cloud.afterwards(cloud.fis.delete_experiment_template, id=template)

    def start(mode: str) -> str:
        options = {"actionsMode": mode}
        begun = cloud.fis.start_experiment(experimentTemplateId=template, experimentOptions=options)
        return str(begun["experiment"]["id"])

    def status(experiment: str) -> str:
        return str(cloud.fis.get_experiment(id=experiment)["experiment"]["state"]["status"])

    dry = start("skip-all")
    cloud.until(lambda: status(dry) == "completed", 120)
    resolved = cloud.fis.list_experiment_resolved_targets(experimentId=dry)["resolvedTargets"]
    assert [one["targetInformation"]["arn"] for one in resolved] == [arn]
    assert target.state == "running"
    began = time.monotonic()
    real = start("run-all")
    cloud.until(lambda: target.state == "stopped", 300)
    cloud.until(lambda: status(real) == "completed", 600)
    assert target.state == "running"
    assert time.monotonic() - began >= cloud.seconds(110)


@pytest.mark.row("FIS-E01")
def test_an_experiment_needs_the_alarm_of_its_stop_condition(cloud: Cloud) -> None:
    role = make_role(cloud, cloud.name("fis"), "fis.amazonaws.com")
    alarm = f"arn:aws:cloudwatch:{cloud.region}:{role.split(':')[4]}:alarm:{cloud.name('none')}"
    template = cloud.fis.create_experiment_template(
        description="wait",
        roleArn=role,
        stopConditions=[{"source": "aws:cloudwatch:alarm", "value": alarm}],
        actions={"wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}},
    )["experimentTemplate"]["id"]
    cloud.afterwards(cloud.fis.delete_experiment_template, id=template)
    experiment = cloud.fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]

    def status() -> str:
        return str(cloud.fis.get_experiment(id=experiment)["experiment"]["state"]["status"])

    cloud.until(lambda: status() == "failed", 120)
