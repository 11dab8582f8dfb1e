"""How mandatory policies are broken on a running HA stack, and mended again.

Each break changes a setting of one of the stack's own resources by boto3, as somebody would who
switches the rule off; `mend` puts back what was there. The experiment is the one that the rule guards
against.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from loadtest.stack.outputs import StackOutputs

Mend = Callable[[], None]


class Clients(Protocol):
    """boto3's clients by the name of their service."""

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service, such as `ec2`."""
        ...


@dataclass(frozen=True)
class Break:
    """A rule, the experiment that it guards against, and how it is broken."""

    rule: str
    experiment: str
    what: str
    """What is changed, as a clause."""
    apply: Callable[[Clients, StackOutputs], Mend]


def _group(setting: str, value: Any) -> Callable[[Clients, StackOutputs], Mend]:
    """Change one setting of the Auto Scaling group."""

    def apply(clients: Clients, outputs: StackOutputs) -> Mend:
        client, name = clients["autoscaling"], outputs.auto_scaling_group_name
        (group,) = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
            "AutoScalingGroups"
        ]
        before = group[setting]
        client.update_auto_scaling_group(AutoScalingGroupName=name, **{setting: value})
        return lambda: client.update_auto_scaling_group(
            AutoScalingGroupName=name, **{setting: before}
        )

    return apply


def _suspended(*processes: str) -> Callable[[Clients, StackOutputs], Mend]:
    """Suspend processes of the Auto Scaling group."""

    def apply(clients: Clients, outputs: StackOutputs) -> Mend:
        client, name = clients["autoscaling"], outputs.auto_scaling_group_name
        query = {"AutoScalingGroupName": name, "ScalingProcesses": list(processes)}
        client.suspend_processes(**query)
        return lambda: client.resume_processes(**query)

    return apply


def _targets(**settings: Any) -> Callable[[Clients, StackOutputs], Mend]:
    """Change the health check of the target group."""

    def apply(clients: Clients, outputs: StackOutputs) -> Mend:
        client, arn = clients["elbv2"], outputs.target_group_arn
        (group,) = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        before = {name: group[name] for name in settings}
        client.modify_target_group(TargetGroupArn=arn, **settings)
        return lambda: client.modify_target_group(TargetGroupArn=arn, **before)

    return apply


def _attribute(key: str, value: str) -> Callable[[Clients, StackOutputs], Mend]:
    """Change an attribute of the target group."""

    def apply(clients: Clients, outputs: StackOutputs) -> Mend:
        client, arn = clients["elbv2"], outputs.target_group_arn
        listed = client.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        before = next(one["Value"] for one in listed if one["Key"] == key)

        def put(text: str) -> None:
            client.modify_target_group_attributes(
                TargetGroupArn=arn, Attributes=[{"Key": key, "Value": text}]
            )

        put(value)
        return lambda: put(before)

    return apply


def _deployments(**settings: Any) -> Callable[[Clients, StackOutputs], Mend]:
    """Change the deployment group."""

    def apply(clients: Clients, outputs: StackOutputs) -> Mend:
        client = clients["codedeploy"]
        names = {
            "applicationName": outputs.codedeploy_application,
            "currentDeploymentGroupName": outputs.codedeploy_deployment_group,
        }
        info: Mapping[str, Any] = client.get_deployment_group(
            applicationName=outputs.codedeploy_application,
            deploymentGroupName=outputs.codedeploy_deployment_group,
        )["deploymentGroupInfo"]
        before = {name: info[name] for name in settings if name in info}
        client.update_deployment_group(**names, **settings)
        return lambda: client.update_deployment_group(**names, **before)

    return apply


def _without_standby(clients: Clients, outputs: StackOutputs) -> Mend:
    """Take the standby of the database away, which the proof's stacks have."""
    client = clients["rds"]
    (name,) = (
        one["DBInstanceIdentifier"]
        for one in client.describe_db_instances()["DBInstances"]
        if one["MultiAZ"] and _tags(one).get("Stack") == outputs.topology
    )

    def put(*, standby: bool) -> None:
        client.modify_db_instance(DBInstanceIdentifier=name, MultiAZ=standby, ApplyImmediately=True)

    put(standby=False)
    return lambda: put(standby=True)


def _tags(described: Mapping[str, Any]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in described.get("TagList") or []}


IN_PLACE = "IN_PLACE"
BREAKS = (
    Break(
        "asg-elb-health-check",
        "instance-hangs",
        "the group only asks EC2 whether an instance is healthy",
        _group("HealthCheckType", "EC2"),
    ),
    Break(
        "asg-processes-run",
        "instance-dies",
        "the group's processes Launch and ReplaceUnhealthy are suspended",
        _suspended("Launch", "ReplaceUnhealthy"),
    ),
    Break(
        "asg-grace-period",
        "instance-dies",
        "failed checks count from the first second of an instance",
        _group("HealthCheckGracePeriod", 0),
    ),
    Break(
        "tg-deregistration-delay",
        "deployment-good",
        "targets that leave get no time to end their requests",
        _attribute("deregistration_delay.timeout_seconds", "0"),
    ),
    Break(
        "tg-failing-target-leaves",
        "instance-hangs",
        "a target fails after ten checks, 30 s apart",
        _targets(HealthCheckIntervalSeconds=30, UnhealthyThresholdCount=10),
    ),
    Break(
        "tg-health-check-matcher",
        "deployment-answers-errors",
        "a target that answers 500 counts as healthy",
        _targets(Matcher={"HttpCode": "200-499"}),
    ),
    Break(
        "codedeploy-traffic-control",
        "deployment-good",
        "instances stay behind the load balancer while they are deployed to",
        _deployments(
            deploymentStyle={
                "deploymentType": IN_PLACE,
                "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
            }
        ),
    ),
    Break(
        "codedeploy-auto-rollback",
        "deployment-fails-its-hook",
        "a failed deployment is not rolled back",
        _deployments(autoRollbackConfiguration={"enabled": False}),
    ),
    Break(
        "codedeploy-min-healthy-hosts",
        "deployment-good",
        "all instances are deployed to at once",
        _deployments(deploymentConfigName="CodeDeployDefault.AllAtOnce"),
    ),
    Break(
        "codedeploy-outdated-instances-update",
        "deployment-instance-dies",
        "instances that were launched during a deployment keep the revision before it",
        _deployments(outdatedInstancesStrategy="IGNORE"),
    ),
    Break(
        "codedeploy-rollback-and-alarms",
        "deployment-slow",
        "no alarm stops a deployment",
        _deployments(alarmConfiguration={"enabled": False, "alarms": []}),
    ),
    Break(
        "rds-multi-az",
        "database-fails-over",
        "the database has no standby",
        _without_standby,
    ),
)
"""By rule, in the order of the catalogue's questions."""
