"""What breaks the rules about CodeDeploy."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

GROUP = "deployment-group"

decides("codedeploy-deployment-group", GROUP, "autoscalingGroups", absent=BREAKS, unknown=KEEPS)
decides("codedeploy-traffic-control", GROUP, "deploymentStyle", absent=BREAKS, unknown=BREAKS)
decides(
    "codedeploy-auto-rollback", GROUP, "autoRollbackConfiguration", absent=BREAKS, unknown=BREAKS
)
decides(
    "codedeploy-rollback-and-alarms", GROUP, "alarmConfiguration", absent=BREAKS, unknown=BREAKS
)
decides(
    "codedeploy-no-copy-asg-bluegreen",
    GROUP,
    "blueGreenDeploymentConfig",
    absent=KEEPS,
    unknown=KEEPS,
)
decides("codedeploy-one-dg-per-asg", GROUP, "autoscalingGroups", absent=KEEPS, unknown=KEEPS)
decides(
    "codedeploy-outdated-instances-update",
    GROUP,
    "outdatedInstancesStrategy",
    absent=KEEPS,
    unknown=BREAKS,
)


@breaks("codedeploy-deployment-group")
def no_deployment_group(stack):
    stack.drop(GROUP)


@breaks("codedeploy-deployment-group")
def deployment_by_tags(stack):
    stack.set(GROUP, "autoscalingGroups", ...)
    tag = {"key": "Name", "type": "KEY_AND_VALUE", "value": "web"}
    stack.set(GROUP, "ec2TagFilters", [tag])


@breaks("codedeploy-deployment-group")
def deployment_to_another_group(stack):
    stack.set(GROUP, "autoscalingGroups", ["somebody-elses"])


@breaks("codedeploy-traffic-control")
def no_traffic_control(stack):
    stack.set(GROUP, "deploymentStyle.deploymentOption", "WITHOUT_TRAFFIC_CONTROL")


@breaks("codedeploy-traffic-control")
def deployment_style_left_to_the_default(stack):
    stack.set(GROUP, "deploymentStyle", ...)


@breaks("codedeploy-traffic-control")
def no_target_group_in_the_deployment(stack):
    stack.set(GROUP, "loadBalancerInfo", ...)


@breaks("codedeploy-traffic-control")
def another_target_group_in_the_deployment(stack):
    stack.add(
        "other",
        "aws:lb/targetGroup:TargetGroup",
        {
            "port": 8080,
            "protocol": "HTTP",
            "vpcId": Ref("vpc"),
            "healthCheck": {"protocol": "HTTP", "path": "/"},
        },
    )
    stack.set(GROUP, "loadBalancerInfo", {"targetGroupInfos": [{"name": Ref("other", "name")}]})


@breaks("codedeploy-auto-rollback")
def no_rollback(stack):
    stack.set(GROUP, "autoRollbackConfiguration", ...)


@breaks("codedeploy-auto-rollback")
def rollback_on_alarms_only(stack):
    stack.set(GROUP, "autoRollbackConfiguration.events", ["DEPLOYMENT_STOP_ON_ALARM"])


@breaks("codedeploy-rollback-and-alarms")
def no_alarms_in_the_deployment(stack):
    stack.set(GROUP, "alarmConfiguration", ...)


@breaks("codedeploy-rollback-and-alarms")
def alarm_stops_without_rollback(stack):
    stack.set(GROUP, "autoRollbackConfiguration.events", ["DEPLOYMENT_FAILURE"])


@breaks("codedeploy-no-copy-asg-bluegreen")
def copied_group(stack):
    stack.set(GROUP, "deploymentStyle.deploymentType", "BLUE_GREEN")
    option = {"action": "COPY_AUTO_SCALING_GROUP"}
    stack.set(GROUP, "blueGreenDeploymentConfig", {"greenFleetProvisioningOption": option})


@breaks("codedeploy-one-dg-per-asg")
def two_deployment_groups(stack):
    stack.twin(GROUP, "second")


@breaks("codedeploy-outdated-instances-update")
def old_revision_stays(stack):
    stack.set(GROUP, "outdatedInstancesStrategy", "IGNORE")
