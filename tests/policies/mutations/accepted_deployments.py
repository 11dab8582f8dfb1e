"""What CodeDeploy and CloudWatch would refuse."""

from __future__ import annotations

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides(
    "codedeploy-accepted",
    "deployment-group",
    "triggerConfigurations",
    absent=KEEPS,
    unknown=KEEPS,
)
decides("alarm-accepted", "alarm", "period", absent=BREAKS, unknown=KEEPS)


@breaks("codedeploy-accepted")
def rollback_on_an_event_that_does_not_exist(stack):
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_FAILED"]
    stack.set("deployment-group", "autoRollbackConfiguration.events", events)


@breaks("codedeploy-accepted")
def more_than_all_hosts_healthy(stack):
    stack.add(
        "careful",
        "aws:codedeploy/deploymentConfig:DeploymentConfig",
        {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 120}},
    )


@breaks("alarm-accepted")
def alarm_period_of_45_seconds(stack):
    stack.set("alarm", "period", 45)


@breaks("alarm-accepted")
def more_datapoints_than_periods(stack):
    stack.set("alarm", "datapointsToAlarm", 4)
