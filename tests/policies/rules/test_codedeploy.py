"""CodeDeploy deployment groups."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


BY_NAME = "aws:cloudwatch/metricAlarm:MetricAlarm::web-watch-credits-low"
"""Was recorded when the group's name was not known, and would be by another output than the name."""

# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-deployment-group", lambda d: d.drop("deployment-group")),
    ("codedeploy-deployment-group", lambda d: d.set("deployment-group", "autoscalingGroups", ...)),
    ("codedeploy-deployment-group", lambda d: d.set("deployment-group", "autoscalingGroups", ["else"])
        .set("group", "name", "web").link("deployment-group", "autoscalingGroups", "group")
        .drop(BY_NAME)),
    ("codedeploy-deployment-group", lambda d: d.link("deployment-group", "autoscalingGroups")),
    ("codedeploy-traffic-control", lambda d: d.set("deployment-group", "deploymentStyle", ...)),
    ("codedeploy-traffic-control", lambda d: d
        .set("deployment-group", "deploymentStyle.deploymentOption", "WITHOUT_TRAFFIC_CONTROL")),
    ("codedeploy-traffic-control", lambda d: d
        .set("deployment-group", "deploymentStyle.deploymentOption", UNKNOWN)),
    ("codedeploy-traffic-control", lambda d: d.set("deployment-group", "loadBalancerInfo", ...)),
    ("codedeploy-traffic-control", lambda d: d.link("deployment-group", "loadBalancerInfo")),
    ("codedeploy-traffic-control", lambda d: d.twin("target-group", "other")
        .link("deployment-group", "loadBalancerInfo", "other")),
    ("codedeploy-auto-rollback", lambda d: d.set("deployment-group", "autoRollbackConfiguration", ...)),
    ("codedeploy-auto-rollback", lambda d: d
        .set("deployment-group", "autoRollbackConfiguration.enabled", UNKNOWN)),
    ("codedeploy-auto-rollback", lambda d: d
        .set("deployment-group", "autoRollbackConfiguration.events", ["DEPLOYMENT_STOP_ON_ALARM"])),
    ("codedeploy-rollback-and-alarms", lambda d: d.set("deployment-group", "alarmConfiguration", ...)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment-group", "alarmConfiguration", UNKNOWN)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment-group", "alarmConfiguration.alarms", [])),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment-group", "alarmConfiguration.alarms", UNKNOWN)
        .link("deployment-group", "alarmConfiguration")),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment-group", "alarmConfiguration.enabled", UNKNOWN)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment-group", "alarmConfiguration.enabled", False)),
    ("codedeploy-rollback-and-alarms", lambda d: d
        .set("deployment-group", "autoRollbackConfiguration.events", ["DEPLOYMENT_FAILURE"])),
    ("codedeploy-no-copy-asg-bluegreen", lambda d: d.set("deployment-group", "blueGreenDeploymentConfig",
        {"greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"}})),
    ("codedeploy-no-copy-asg-bluegreen", lambda d: d
        .set("deployment-group", "deploymentStyle.deploymentType", "BLUE_GREEN")),
    ("codedeploy-one-dg-per-asg", lambda d: d.twin("deployment-group", "second")),
    ("codedeploy-outdated-instances-update", lambda d: d
        .set("deployment-group", "outdatedInstancesStrategy", "IGNORE")),
    ("codedeploy-outdated-instances-update", lambda d: d
        .set("deployment-group", "outdatedInstancesStrategy", UNKNOWN)),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("deployment-group", "alarmConfiguration.alarms", UNKNOWN)
        .link("deployment-group", "alarmConfiguration", "alarm"),
    lambda d: d.set("deployment-group", "autoscalingGroups", ["web"]).set("group", "name", "web")
        .link("deployment-group", "autoscalingGroups").drop(BY_NAME),
    lambda d: d.set("deployment-group", "blueGreenDeploymentConfig", ...),
]  # fmt: skip
