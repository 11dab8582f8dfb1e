"""What holds a deployment up and what ends it: traffic, alarms, users, another deployment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import (
    EVENTS,
    Fleet,
    appspec,
    code_of,
    event_of,
    names_of,
    service_role,
)
from tests.conformance.roles import make_role
from tests.conformance.scaling_group import Balancer

pytestmark = pytest.mark.slow
SERVE = """
mkdir -p /opt/site/www
echo fine > /opt/site/www/health
printf '[Service]\\nExecStart=/usr/bin/env python3 -m http.server 8080 --directory /opt/site/www\\n\
[Install]\\nWantedBy=multi-user.target\\n' > /etc/systemd/system/web.service
systemctl daemon-reload
systemctl enable --now web
"""
DELAY = 60
SCALING = "arn:aws:iam::aws:policy/AutoScalingFullAccess"


@pytest.fixture(scope="module")
def shared(everywhere: Cloud, network: Network) -> Iterator[Fleet]:
    """Two instances that serve a page; each of these tests has a deployment group of its own."""
    cloud = everywhere.beside()
    try:
        made = Fleet(cloud, network, service_role(cloud), 2, SERVE)
        made.upload("good.zip", appspec())
        slow = f"#!/bin/bash\nsleep {4 if not cloud.is_aws else 60}\n"
        made.upload("slow.zip", appspec(BeforeInstall="wait.sh"), wait=slow)
        yield made
    finally:
        cloud.clean_up()


@pytest.fixture
def fleet(shared: Fleet) -> Fleet:
    shared.group()
    return shared


def first_of(fleet: Fleet, deployment: str) -> dict[str, Any]:
    return fleet.target(deployment, fleet.instances[0])


def is_running(fleet: Fleet, deployment: str) -> bool:
    return fleet.info(deployment)["deploymentOverview"].get("InProgress", 0) > 0


@pytest.mark.row("CD-E01", "CD-T01")
def test_the_events_with_a_load_balancer(fleet: Fleet, network: Network) -> None:
    cloud = fleet.cloud.beside()
    try:
        balancer = Balancer(cloud, network, deregistration_delay__timeout_seconds=str(DELAY))
        name = cloud.elbv2.describe_target_groups(TargetGroupArns=[balancer.target_group])
        cloud.elbv2.register_targets(
            TargetGroupArn=balancer.target_group,
            Targets=[{"Id": instance} for instance in fleet.instances],
        )
        cloud.until(lambda: set(balancer.health().values()) == {"healthy"}, 300, "healthy")
        fleet.group(
            deploymentConfigName="CodeDeployDefault.OneAtATime",
            deploymentStyle={
                "deploymentType": "IN_PLACE",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            loadBalancerInfo={
                "targetGroupInfoList": [{"name": name["TargetGroups"][0]["TargetGroupName"]}]
            },
        )
        deployment = fleet.deploy("good.zip")
        assert fleet.ended(deployment)["status"] == "Succeeded"
        assert set(balancer.health().values()) == {"healthy"}
    finally:
        cloud.clean_up()
    target = first_of(fleet, deployment)
    assert names_of(target) == [
        "BeforeBlockTraffic",
        "BlockTraffic",
        "AfterBlockTraffic",
        *EVENTS,
        "BeforeAllowTraffic",
        "AllowTraffic",
        "AfterAllowTraffic",
    ]
    assert seconds_of(event_of(target, "BlockTraffic")) >= cloud.seconds(DELAY)
    assert seconds_of(event_of(target, "AllowTraffic")) >= cloud.seconds(5), "two checks, 5 s apart"


def seconds_of(event: dict[str, Any]) -> float:
    return (event["endTime"] - event["startTime"]).total_seconds()


@pytest.mark.row("CD-R02", "CD-S01", "CD-S03")
def test_a_user_stops_a_deployment(fleet: Fleet) -> None:
    assert fleet.ended(fleet.deploy("good.zip"))["status"] == "Succeeded"
    running = fleet.deploy("slow.zip")
    fleet.cloud.until(lambda: is_running(fleet, running), 120, "it runs")
    with pytest.raises(ClientError) as caught:
        fleet.deploy("good.zip")
    assert code_of(caught) == "DeploymentLimitExceededException"
    answer = fleet.cloud.codedeploy.stop_deployment(deploymentId=running, autoRollbackEnabled=True)
    assert answer["status"] in {"Succeeded", "Pending"}
    info = fleet.ended(running)
    assert info["status"] == "Stopped"
    assert info["errorInformation"]["code"] == "MANUAL_STOP"
    with pytest.raises(ClientError) as caught:
        fleet.cloud.codedeploy.stop_deployment(deploymentId=running)
    assert code_of(caught) == "DeploymentAlreadyCompletedException"
    back = fleet.cloud.until(
        lambda: fleet.info(running).get("rollbackInfo", {}).get("rollbackDeploymentId"), 60
    )
    rollback = fleet.ended(back)
    assert rollback["status"] == "Succeeded"
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["revision"]["s3Location"]["key"] == "good.zip"


@pytest.mark.row("CD-R02")
def test_a_stop_alone_goes_back_to_nothing(fleet: Fleet) -> None:
    assert fleet.ended(fleet.deploy("good.zip"))["status"] == "Succeeded"
    running = fleet.deploy("slow.zip")
    fleet.cloud.until(lambda: is_running(fleet, running), 120, "it runs")
    fleet.cloud.codedeploy.stop_deployment(deploymentId=running)
    info = fleet.ended(running)
    assert info["status"] == "Stopped"
    assert "rollbackDeploymentId" not in info.get("rollbackInfo", {})


@pytest.fixture
def ringing(cloud: Cloud) -> str:
    """The name of an alarm that is in ALARM and stays there."""
    name = alarm_without_data(cloud, "breaching")
    cloud.until(lambda: state_of(cloud, name) == "ALARM", 300, f"{name} rings")
    return name


def alarm_without_data(cloud: Cloud, missing: str) -> str:
    """The name of an alarm on what is never reported, which treats that as `missing` says."""
    name = cloud.name("errors")
    cloud.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace=cloud.name("shop"),
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData=missing,
    )
    cloud.afterwards(cloud.cloudwatch.delete_alarms, AlarmNames=[name])
    return name


def state_of(cloud: Cloud, alarm: str) -> str:
    found = cloud.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return found[0]["StateValue"]


def alarms(*names: str, **settings: bool) -> dict[str, Any]:
    return {"enabled": True, "alarms": [{"name": name} for name in names], **settings}


@pytest.mark.row("CD-A01", "CD-A03")
def test_an_alarm_that_rings_before_stops_it_unless_overridden(fleet: Fleet, ringing: str) -> None:
    fleet.group(alarmConfiguration=alarms(ringing))
    info = fleet.ended(fleet.deploy("good.zip"))
    assert info["status"] == "Stopped"
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    fix = fleet.deploy("good.zip", overrideAlarmConfiguration={"enabled": False, "alarms": []})
    assert fleet.ended(fix)["status"] == "Succeeded"


@pytest.mark.row("CD-A01", "CD-R02")
def test_an_alarm_that_rings_meanwhile_stops_it_and_rolls_back(fleet: Fleet, cloud: Cloud) -> None:
    alarm = alarm_without_data(cloud, "ignore")
    fleet.group(
        alarmConfiguration=alarms(alarm),
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_STOP_ON_ALARM"]},
    )
    assert fleet.ended(fleet.deploy("good.zip"))["status"] == "Succeeded"
    running = fleet.deploy("slow.zip")
    fleet.cloud.until(lambda: is_running(fleet, running), 120, "it runs")
    cloud.cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")
    info = fleet.ended(running)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert alarm in info["errorInformation"]["message"]
    back = fleet.cloud.until(
        lambda: fleet.info(running).get("rollbackInfo", {}).get("rollbackDeploymentId"), 60
    )
    assert fleet.ended(back)["status"] == "Succeeded"


@pytest.mark.row("CD-A02")
def test_alarms_that_cannot_be_read_stop_it_unless_that_is_ignored(
    fleet: Fleet, cloud: Cloud
) -> None:
    blind = make_role(cloud, cloud.name("blind"), "codedeploy.amazonaws.com", SCALING)
    unread = alarm_without_data(cloud, "ignore")
    fleet.group(serviceRoleArn=blind, alarmConfiguration=alarms(unread))
    assert fleet.ended(fleet.deploy("good.zip"))["status"] == "Stopped"
    fleet.group(
        serviceRoleArn=blind, alarmConfiguration=alarms(unread, ignorePollAlarmFailure=True)
    )
    assert fleet.ended(fleet.deploy("good.zip"))["status"] == "Succeeded"


@pytest.mark.row("CD-S02")
def test_no_deployment_takes_longer_than_eight_hours(hurried: Cloud) -> None:
    fleet = Fleet(hurried, Network(hurried), service_role(hurried), 1)
    wait = f"#!/bin/bash\nsleep {hurried.seconds(5 * 3600):.0f}\n"
    spec = appspec(BeforeInstall="wait.sh", AfterInstall="wait.sh")
    fleet.upload("slow.zip", spec, wait=wait)
    fleet.group()
    deployment = fleet.deploy("slow.zip")
    info = fleet.ended(deployment, 11 * 3600)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "TIMEOUT"
    assert event_of(first_of(fleet, deployment), "ApplicationStart")["status"] == "Skipped"
