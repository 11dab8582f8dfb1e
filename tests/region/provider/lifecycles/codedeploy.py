"""Applications, deployment groups and configurations."""

from __future__ import annotations

from tests.region.provider.lifecycles.case import Case

CASES = [
    Case(
        "aws:codedeploy/application:Application",
        lambda _: {"tags": {"a": "1"}},
        lambda _: {"name": "given", "tags": {"a": "1", "b": "1"}},
        outputs=("arn", "applicationId"),
    ),
    Case(
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        lambda w: {
            "appName": w.application["name"],
            "deploymentGroupName": "group",
            "serviceRoleArn": w.role_arn(),
            "deploymentConfigName": "CodeDeployDefault.HalfAtATime",
            "autoscalingGroups": [w.fleet],
            "deploymentStyle": {
                "deploymentType": "IN_PLACE",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "loadBalancerInfo": {"targetGroupInfos": [{"name": w.targets()["name"]}]},
            "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
            "alarmConfiguration": {"enabled": True, "alarms": ["errors", "slow"]},
            "terminationHookEnabled": True,
            "tags": {"a": "1"},
        },
        lambda _: {"deploymentConfigName": "CodeDeployDefault.OneAtATime"},
        outputs=("arn", "deploymentGroupId", "computePlatform"),
    ),
    Case(
        "aws:codedeploy/deploymentGroup:DeploymentGroup",
        lambda w: {
            "appName": w.application["name"],
            "deploymentGroupName": "group",
            "serviceRoleArn": w.role_arn(),
            "ec2TagFilters": [{"type": "KEY_AND_VALUE", "key": "a", "value": "1"}],
        },
        lambda _: {"ec2TagFilters": [{"type": "KEY_AND_VALUE", "key": "a", "value": "2"}]},
        id="DeploymentGroupByTags",
    ),
    Case(
        "aws:codedeploy/deploymentConfig:DeploymentConfig",
        lambda _: {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 66}},
        replace=lambda _: {"minimumHealthyHosts": {"type": "HOST_COUNT", "value": 4}},
        outputs=("arn", "deploymentConfigId"),
    ),
]
