"""CodeDeploy's API: configurations, groups and their hooks, and what it refuses. No instance is started."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import code_of, service_role

LAUNCH_HOOK = "CodeDeploy-managed-automatic-launch-deployment-hook-"


@pytest.fixture
def role(cloud: Cloud) -> str:
    return service_role(cloud)


@pytest.fixture
def application(cloud: Cloud) -> str:
    name = cloud.name("app")
    cloud.codedeploy.create_application(applicationName=name, computePlatform="Server")
    cloud.afterwards(cloud.codedeploy.delete_application, applicationName=name)
    return name


@pytest.fixture
def scaling_group(cloud: Cloud, network: Network) -> str:
    name = cloud.name("web")
    cloud.ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano"},
    )
    cloud.afterwards(cloud.ec2.delete_launch_template, LaunchTemplateName=name)
    cloud.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=1,
        VPCZoneIdentifier=",".join(network.subnets),
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
    )
    cloud.afterwards(
        cloud.autoscaling.delete_auto_scaling_group, AutoScalingGroupName=name, ForceDelete=True
    )
    return name


def create_group(cloud: Cloud, application: str, role: str, **settings: Any) -> dict[str, Any]:
    cloud.codedeploy.create_deployment_group(
        applicationName=application,
        deploymentGroupName="all",
        serviceRoleArn=role,
        **settings,
    )
    return group_info(cloud, application)


def group_info(cloud: Cloud, application: str) -> dict[str, Any]:
    return cloud.codedeploy.get_deployment_group(
        applicationName=application, deploymentGroupName="all"
    )["deploymentGroupInfo"]


@pytest.mark.row("CD-M01")
def test_one_at_a_time_is_the_default(cloud: Cloud, application: str, role: str) -> None:
    found = create_group(cloud, application, role)
    assert found["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"


@pytest.mark.row("CD-M02")
def test_one_at_a_time_is_told_as_concurrency(cloud: Cloud) -> None:
    config = cloud.codedeploy.get_deployment_config(
        deploymentConfigName="CodeDeployDefault.OneAtATime"
    )["deploymentConfigInfo"]
    assert config["minimumHealthyHosts"] == {"type": "MOST_CONCURRENCY", "value": 1}


@pytest.mark.row("CD-M13")
@pytest.mark.parametrize(
    ("name", "minimum"),
    [
        ("CodeDeployDefault.Mine", {"type": "HOST_COUNT", "value": 1}),
        ("all-of-them", {"type": "FLEET_PERCENT", "value": 100}),
        ("like-the-default", {"type": "MOST_CONCURRENCY", "value": 1}),
    ],
)
def test_configurations_are_refused(cloud: Cloud, name: str, minimum: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        cloud.codedeploy.create_deployment_config(
            deploymentConfigName=name, minimumHealthyHosts=minimum
        )
    assert code_of(caught).startswith("Invalid")


@pytest.mark.row("CD-T02")
def test_targets_by_address_are_refused(
    cloud: Cloud, network: Network, application: str, role: str
) -> None:
    name = cloud.name("tg")
    arn = cloud.elbv2.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=network.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    cloud.afterwards(cloud.elbv2.delete_target_group, TargetGroupArn=arn)
    with pytest.raises(ClientError) as caught:
        create_group(
            cloud,
            application,
            role,
            deploymentStyle={
                "deploymentType": "IN_PLACE",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            loadBalancerInfo={"targetGroupInfoList": [{"name": name}]},
        )
    assert code_of(caught) == "InvalidLoadBalancerInfoException"


def hooks(cloud: Cloud, scaling_group: str) -> list[str]:
    found = cloud.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=scaling_group)
    return [hook["LifecycleHookName"] for hook in found["LifecycleHooks"]]


@pytest.mark.row("CD-G01", "CD-G08", "CD-G09")
def test_the_launch_hook_follows_the_group(
    cloud: Cloud, application: str, role: str, scaling_group: str
) -> None:
    found = create_group(cloud, application, role, autoScalingGroups=[scaling_group])
    (first,) = hooks(cloud, scaling_group)
    assert first.startswith(LAUNCH_HOOK)
    assert found["autoScalingGroups"][0]["hook"] == first

    def update(**settings: Any) -> None:
        cloud.codedeploy.update_deployment_group(
            applicationName=application, currentDeploymentGroupName="all", **settings
        )

    update(deploymentConfigName="CodeDeployDefault.HalfAtATime")
    assert hooks(cloud, scaling_group) == [first]
    update(autoScalingGroups=[])
    assert hooks(cloud, scaling_group) == []
    update(autoScalingGroups=[scaling_group])
    (second,) = hooks(cloud, scaling_group)
    assert second != first
    answer = cloud.codedeploy.delete_deployment_group(
        applicationName=application, deploymentGroupName="all"
    )
    assert answer["hooksNotCleanedUp"] == []
    assert hooks(cloud, scaling_group) == []


@pytest.mark.row("CD-A01")
def test_a_group_has_ten_alarms_at_most(cloud: Cloud, application: str, role: str) -> None:
    with pytest.raises(ClientError) as caught:
        create_group(
            cloud,
            application,
            role,
            alarmConfiguration={
                "enabled": True,
                "alarms": [{"name": f"alarm-{number}"} for number in range(11)],
            },
        )
    assert code_of(caught) == "AlarmsLimitExceededException"


@pytest.mark.row("CD-S06")
def test_a_restart_takes_no_revision(cloud: Cloud, application: str, role: str) -> None:
    create_group(cloud, application, role)
    location = {"bucket": "releases", "key": "v1.zip", "bundleType": "zip"}
    with pytest.raises(ClientError):
        cloud.codedeploy.create_deployment(
            applicationName=application,
            deploymentGroupName="all",
            deploymentMode="RESTART",
            revision={"revisionType": "S3", "s3Location": location},
        )


@pytest.mark.row("CD-G12")
def test_only_some_processes_can_be_suspended(
    cloud: Cloud, application: str, role: str, scaling_group: str
) -> None:
    with pytest.raises(ClientError):
        create_group(
            cloud,
            application,
            role,
            autoScalingGroups=[scaling_group],
            ec2DeploymentOptions={"autoScalingGroupProcessesToSuspend": ["Launch"]},
        )
