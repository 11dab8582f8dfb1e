"""CodeDeploy's hooks in Auto Scaling groups: there while a deployment group has the group."""

from __future__ import annotations

from typing import Any

import pytest

from region.api.server import ControlPlane
from region.services.codedeploy import lifecycle_hooks
from tests.region.builders import Stage
from tests.region.fakes import service_role

PREFIX = "CodeDeploy-managed-automatic-launch-deployment-hook-dg-"


@pytest.fixture
def scaled(stage: Stage) -> Stage:
    stage.aws.ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": stage.image, "InstanceType": "t4g.nano"},
    )
    for name in ("web", "workers"):
        stage.aws.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=4,
            VPCZoneIdentifier=",".join(stage.subnets),
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"},
        )
    return stage


def hooks(stage: Stage, group: str = "web") -> list[dict[str, Any]]:
    found = stage.aws.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group)
    return found["LifecycleHooks"]


def update(stage: Stage, **settings: Any) -> None:
    stage.aws.codedeploy.update_deployment_group(
        applicationName="app", currentDeploymentGroupName="dg", **settings
    )


def test_the_hook_has_the_name_that_the_group_tells(scaled: Stage) -> None:
    scaled.group(autoScalingGroups=["web"], ec2TagFilters=[])
    described = scaled.aws.codedeploy.get_deployment_group(
        applicationName="app", deploymentGroupName="dg"
    )["deploymentGroupInfo"]
    (hook,) = hooks(scaled)
    assert hook["LifecycleHookName"].startswith(PREFIX)
    assert described["autoScalingGroups"] == [{"name": "web", "hook": hook["LifecycleHookName"]}]
    assert hook["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    assert (hook["HeartbeatTimeout"], hook["DefaultResult"]) == (600, "ABANDON")


def test_hooks_follow_the_groups(scaled: Stage) -> None:
    scaled.group(autoScalingGroups=["web"], ec2TagFilters=[])
    before = hooks(scaled)[0]["LifecycleHookName"]
    update(scaled, serviceRoleArn=service_role(scaled.aws, "codedeploy.amazonaws.com"))
    assert hooks(scaled)[0]["LifecycleHookName"] == before
    update(scaled, autoScalingGroups=["workers"])
    assert hooks(scaled) == []
    assert len(hooks(scaled, "workers")) == 1
    update(scaled, autoScalingGroups=["web"])
    assert hooks(scaled)[0]["LifecycleHookName"] != before


def test_a_termination_hook_comes_and_goes(scaled: Stage) -> None:
    scaled.group(autoScalingGroups=["web"], ec2TagFilters=[], terminationHookEnabled=True)
    assert len(hooks(scaled)) == 2
    update(scaled, terminationHookEnabled=False)
    assert len(hooks(scaled)) == 1


def test_a_deleted_group_takes_its_hooks_along(scaled: Stage) -> None:
    scaled.group(autoScalingGroups=["web"], ec2TagFilters=[])
    answer = scaled.aws.codedeploy.delete_deployment_group(
        applicationName="app", deploymentGroupName="dg"
    )
    assert answer["hooksNotCleanedUp"] == []
    assert hooks(scaled) == []


def test_a_hook_that_nobody_answers_abandons_launches(
    scaled: Stage, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    scaled.group(autoScalingGroups=["web"], ec2TagFilters=[])
    scaled.aws.codedeploy.delete_application(applicationName="app")
    assert len(hooks(scaled)) == 1
    now = [1000.0]
    monkeypatch.setattr(lifecycle_hooks.time, "time", lambda: now[0])

    def decide() -> str:
        return lifecycle_hooks.launch_decision(plane, "web", "i-1")

    assert decide() == "wait"
    now[0] += plane.config.seconds(599)
    assert decide() == "wait"
    now[0] += plane.config.seconds(2)
    assert decide() == "expire"
    assert lifecycle_hooks.launch_decision(plane, "workers", "i-2") == "continue"
