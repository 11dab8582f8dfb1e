"""Blue/green: new instances get the revision and the traffic, and the original ones end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.api.server import ControlPlane
from region.reconcile import ControllerLoop
from region.services.autoscaling.controller import AutoScalingController
from region.services.codedeploy.controller import DeploymentsController
from tests.region.builders import Stage, until

STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
BALANCED = {"targetGroupInfoList": [{"name": "tg"}]}
GREEN_EVENTS = [
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
]


def options(provision: str = "COPY_AUTO_SCALING_GROUP", **settings: Any) -> dict[str, Any]:
    return {
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT"},
        "terminateBlueInstancesOnDeploymentSuccess": {
            "action": "TERMINATE",
            "terminationWaitTimeInMinutes": 0,
        },
        "greenFleetProvisioningOption": {"action": provision},
        **settings,
    }


@pytest.fixture
def fleet(
    stage: Stage, plane: ControlPlane, deployments: DeploymentsController
) -> Iterator[tuple[Stage, str, str]]:
    """A stage with an Auto Scaling group of two, a target group, and a first release in place."""
    loop = ControllerLoop(
        plane,
        [AutoScalingController(plane, deployments.launch_gate, deployments.termination_gate)],
        tick=0.1,
    )
    loop.start()
    target_group = stage.balancer([])
    template = stage.aws.ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": stage.image, "InstanceType": "t4g.nano"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    stage.aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=2,
        MaxSize=4,
        VPCZoneIdentifier=",".join(stage.subnets),
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        TargetGroupARNs=[target_group],
        HealthCheckGracePeriod=7,
        Tags=[{"Key": "team", "Value": "a", "PropagateAtLaunch": True}],
    )
    until(lambda: len(in_service(stage, "web")) == 2)
    yield stage, "web", target_group
    loop.stop()


def in_service(stage: Stage, name: str) -> list[str]:
    found = stage.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return [
        member["InstanceId"]
        for group in found["AutoScalingGroups"]
        for member in group["Instances"]
        if member["LifecycleState"] == "InService"
    ]


def copied(stage: Stage) -> dict[str, Any]:
    found = stage.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return next(
        group for group in found if group["AutoScalingGroupName"].startswith("CodeDeploy_dg_d-")
    )


def blue_green(stage: Stage, group: str, **settings: Any) -> None:
    stage.group(
        deploymentStyle=STYLE,
        loadBalancerInfo=BALANCED,
        ec2TagFilters=[],
        autoScalingGroups=[group],
        blueGreenDeploymentConfiguration=options(**settings),
    )


def test_the_copy_takes_over(fleet: tuple[Stage, str, str]) -> None:
    stage, group, target_group = fleet
    blue = in_service(stage, group)
    blue_green(stage, group)
    deployment = stage.deploy()
    info = stage.ended(deployment)
    assert (info["status"], info.get("errorInformation")) == ("Succeeded", None)
    new = copied(stage)
    green = in_service(stage, new["AutoScalingGroupName"])
    assert (new["MinSize"], new["MaxSize"], new["DesiredCapacity"]) == (2, 4, 2)
    assert new["HealthCheckGracePeriod"] == 7
    assert new["TargetGroupARNs"] == [target_group]
    assert {"team"} == {tag["Key"] for tag in new["Tags"]}
    for name in green:
        target = stage.target(deployment, name)
        assert target["instanceLabel"] == "Green"
        assert [event["lifecycleEventName"] for event in target["lifecycleEvents"]] == GREEN_EVENTS
        assert {event["status"] for event in target["lifecycleEvents"]} == {"Succeeded"}
    assert {stage.target(deployment, name)["instanceLabel"] for name in blue} == {"Blue"}
    until(lambda: in_service(stage, group) == [])
    until(lambda: stage.health(target_group).keys() == set(green))
    described = stage.aws.codedeploy.get_deployment_group(
        applicationName="app", deploymentGroupName="dg"
    )["deploymentGroupInfo"]
    assert [one["name"] for one in described["autoScalingGroups"]] == [new["AutoScalingGroupName"]]


def test_the_original_keeps_serving_when_the_revision_fails(
    fleet: tuple[Stage, str, str],
) -> None:
    stage, group, target_group = fleet
    blue = in_service(stage, group)
    blue_green(stage, group)
    stage.pool.failing = lambda machine, event, deployment: event == "ValidateService"
    info = stage.ended(stage.deploy())
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert in_service(stage, group) == blue
    assert stage.health(target_group).keys() == set(blue)
    until(
        lambda: (
            [
                one["AutoScalingGroupName"]
                for one in stage.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
            ]
            == [group]
        )
    )


def test_traffic_waits_for_the_user(fleet: tuple[Stage, str, str]) -> None:
    stage, group, target_group = fleet
    blue = in_service(stage, group)
    waits = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 60}
    blue_green(stage, group, deploymentReadyOption=waits)
    deployment = stage.deploy()
    until(lambda: stage.info(deployment)["status"] == "Ready")
    assert stage.info(deployment)["deploymentOverview"]["Ready"] == 2
    assert stage.health(target_group).keys() == set(blue)
    stage.aws.codedeploy.continue_deployment(deploymentId=deployment)
    assert stage.ended(deployment)["status"] == "Succeeded"


def test_the_wait_for_the_end_of_the_original_can_be_skipped(
    fleet: tuple[Stage, str, str],
) -> None:
    stage, group, _ = fleet
    keep = {"action": "TERMINATE", "terminationWaitTimeInMinutes": 2880}
    blue_green(stage, group, terminateBlueInstancesOnDeploymentSuccess=keep)
    deployment = stage.deploy()
    until(lambda: bool(stage.info(deployment)["instanceTerminationWaitTimeStarted"]))
    assert len(in_service(stage, group)) == 2
    with pytest.raises(ClientError, match="DeploymentIsNotInReadyStateException"):
        stage.aws.codedeploy.continue_deployment(
            deploymentId=deployment, deploymentWaitType="READY_WAIT"
        )
    stage.aws.codedeploy.skip_wait_time_for_instance_termination(deploymentId=deployment)
    assert stage.ended(deployment)["status"] == "Succeeded"
    with pytest.raises(ClientError, match="DeploymentAlreadyCompletedException"):
        stage.aws.codedeploy.skip_wait_time_for_instance_termination(deploymentId=deployment)


def test_without_the_users_word_the_deployment_stops(fleet: tuple[Stage, str, str]) -> None:
    stage, group, _ = fleet
    waits = {"actionOnTimeout": "STOP_DEPLOYMENT", "waitTimeInMinutes": 1}
    blue_green(stage, group, deploymentReadyOption=waits)
    info = stage.ended(stage.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "TIMEOUT")


def test_named_instances_take_over(stage: Stage) -> None:
    blue = stage.launch(1)
    target_group = stage.balancer(blue)
    stage.group(
        deploymentStyle=STYLE,
        loadBalancerInfo=BALANCED,
        blueGreenDeploymentConfiguration=options("DISCOVER_EXISTING"),
    )
    (green,) = stage.aws.ec2.run_instances(
        ImageId=stage.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=stage.subnets[1],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "side", "Value": "green"}]}
        ],
    )["Instances"]
    name = green["InstanceId"]
    until(lambda: stage.state(name) == "running")
    chosen = {"tagFilters": [{"Key": "side", "Value": "green", "Type": "KEY_AND_VALUE"}]}
    info = stage.ended(stage.deploy(targetInstances=chosen))
    assert info["status"] == "Succeeded"
    until(lambda: stage.state(blue[0]) in {"shutting-down", "terminated"})
    assert stage.health(target_group).keys() == {name}


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (
            {"deploymentStyle": {**STYLE, "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}},
            "InvalidDeploymentStyleException",
        ),
        (
            {"blueGreenDeploymentConfiguration": options()},
            "InvalidGreenFleetProvisioningOptionException",
        ),
        (
            {
                "blueGreenDeploymentConfiguration": options(
                    "DISCOVER_EXISTING",
                    terminateBlueInstancesOnDeploymentSuccess={
                        "action": "TERMINATE",
                        "terminationWaitTimeInMinutes": 2881,
                    },
                )
            },
            "InvalidBlueInstanceTerminationOptionException",
        ),
        (
            {
                "blueGreenDeploymentConfiguration": options(
                    "DISCOVER_EXISTING",
                    deploymentReadyOption={
                        "actionOnTimeout": "CONTINUE_DEPLOYMENT",
                        "waitTimeInMinutes": 5,
                    },
                )
            },
            "InvalidDeploymentReadyOptionException",
        ),
    ],
)
def test_groups_that_aws_refuses(stage: Stage, settings: dict[str, Any], code: str) -> None:
    stage.balancer([])
    with pytest.raises(ClientError) as caught:
        stage.group(
            **{"deploymentStyle": STYLE, "loadBalancerInfo": BALANCED, "ec2TagFilters": []}
            | settings
        )
    assert caught.value.response["Error"]["Code"] == code


def test_only_a_waiting_deployment_can_be_continued(stage: Stage) -> None:
    stage.launch()
    stage.group()
    deployment = stage.deploy()
    with pytest.raises(ClientError) as caught:
        stage.aws.codedeploy.continue_deployment(deploymentId=deployment)
    code = caught.value.response["Error"]["Code"]
    assert code == "UnsupportedActionForDeploymentTypeException"
    stage.ended(deployment)
