"""Delivery: how CodeDeploy brings revisions to the instances."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.config.healthy_hosts import MinimumHealthyHosts
from components.tags import Tags

MAX_ALARMS = 10
"""CodeDeploy user guide, "Monitoring deployments with CloudWatch alarms"."""


@dataclass(frozen=True, kw_only=True)
class TaggedInstances:
    """Deploy to the instances that carry one tag, without traffic control."""

    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class BalancedFleet:
    """Deploy to a fleet, each instance taken out of its target group meanwhile."""

    group_name: pulumi.Input[str]
    target_group_name: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """`deployment_config` names an existing configuration, or is the minimum for one of its own.

    `stop_alarms` are names of CloudWatch alarms; `prerequisites` the service role's grants, because
    CodeDeploy tries the role at creation.
    """

    targets: TaggedInstances | BalancedFleet
    deployment_config: str | MinimumHealthyHosts
    stop_alarms: tuple[pulumi.Input[str], ...] = ()
    service_role_arn: pulumi.Input[str]
    prerequisites: tuple[pulumi.Resource, ...]
    tags: Tags

    def __post_init__(self) -> None:
        """Refuses what CodeDeploy does."""
        if len(self.stop_alarms) > MAX_ALARMS:
            raise ValueError(
                f"a deployment group takes {MAX_ALARMS} alarms, not {len(self.stop_alarms)}; "
                "leave out those that a rollback cannot help"
            )


class Delivery(Component):
    """A CodeDeploy application with its one deployment group, in place.

    In place and not blue/green: COPY_AUTO_SCALING_GROUP makes a new group and deletes ours, outside
    the state (hashicorp/terraform-provider-aws#4678). One group per fleet: two would deploy to a
    new instance at the same time (CodeDeploy user guide, troubleshooting of Auto Scaling issues).
    """

    application_name: pulumi.Output[str]
    group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__(
            "delivery:Delivery", name, {"deploymentConfig": _shown(args.deployment_config)}, opts
        )
        config_name = self._config_name(name, args.deployment_config)
        application = aws.codedeploy.Application(
            f"{name}-application",
            compute_platform="Server",
            tags=dict(args.tags),
            opts=self.child(),
        )
        balanced = isinstance(args.targets, BalancedFleet)
        alarms = _alarms(args.stop_alarms)
        group = aws.codedeploy.DeploymentGroup(
            f"{name}-group",
            app_name=application.name,
            deployment_group_name=name,
            service_role_arn=args.service_role_arn,
            deployment_config_name=config_name,
            deployment_style=aws.codedeploy.DeploymentGroupDeploymentStyleArgs(
                deployment_type="IN_PLACE",
                deployment_option=(
                    "WITH_TRAFFIC_CONTROL" if balanced else "WITHOUT_TRAFFIC_CONTROL"
                ),
            ),
            autoscaling_groups=_autoscaling_groups(args.targets),
            load_balancer_info=_load_balancer(args.targets),
            ec2_tag_filters=_tag_filters(args.targets),
            auto_rollback_configuration=aws.codedeploy.DeploymentGroupAutoRollbackConfigurationArgs(
                enabled=True,
                events=["DEPLOYMENT_FAILURE", *(["DEPLOYMENT_STOP_ON_ALARM"] if alarms else [])],
            ),
            # An alarm that rings also stops a deployment that has not begun, so a group without
            # a metric that tells of its answers gets none.
            alarm_configuration=alarms,
            # The old instance runs its ApplicationStop before Auto Scaling ends it, so requests
            # that it still has are answered. Costs: scale-in waits for it.
            termination_hook_enabled=balanced,
            # An instance launched during a deployment got the old revision: update it afterwards
            # (AWS Config codedeploy-deployment-group-outdated-instances-update).
            outdated_instances_strategy="UPDATE",
            tags=dict(args.tags),
            opts=self.child(depends_on=args.prerequisites),
        )
        self.application_name = application.name
        self.group_name = group.deployment_group_name
        self.finish({"applicationName": self.application_name, "groupName": self.group_name})

    def _config_name(self, name: str, config: str | MinimumHealthyHosts) -> pulumi.Input[str]:
        if isinstance(config, str):
            return config
        return aws.codedeploy.DeploymentConfig(
            f"{name}-config",
            compute_platform="Server",
            minimum_healthy_hosts=aws.codedeploy.DeploymentConfigMinimumHealthyHostsArgs(
                type=config.kind, value=config.value
            ),
            opts=self.child(),
        ).deployment_config_name


def _shown(config: str | MinimumHealthyHosts) -> str:
    return config if isinstance(config, str) else f"{config.kind} {config.value}"


def _alarms(
    names: tuple[pulumi.Input[str], ...],
) -> aws.codedeploy.DeploymentGroupAlarmConfigurationArgs | None:
    if not names:
        return None
    return aws.codedeploy.DeploymentGroupAlarmConfigurationArgs(
        enabled=True, alarms=list(names), ignore_poll_alarm_failure=False
    )


def _autoscaling_groups(
    targets: TaggedInstances | BalancedFleet,
) -> list[pulumi.Input[str]] | None:
    return [targets.group_name] if isinstance(targets, BalancedFleet) else None


def _load_balancer(
    targets: TaggedInstances | BalancedFleet,
) -> aws.codedeploy.DeploymentGroupLoadBalancerInfoArgs | None:
    if isinstance(targets, TaggedInstances):
        return None
    return aws.codedeploy.DeploymentGroupLoadBalancerInfoArgs(
        target_group_infos=[
            # The name, not the ARN (CodeDeploy API reference, TargetGroupInfo).
            aws.codedeploy.DeploymentGroupLoadBalancerInfoTargetGroupInfoArgs(
                name=targets.target_group_name
            )
        ]
    )


def _tag_filters(
    targets: TaggedInstances | BalancedFleet,
) -> list[aws.codedeploy.DeploymentGroupEc2TagFilterArgs] | None:
    if isinstance(targets, BalancedFleet):
        return None
    return [
        aws.codedeploy.DeploymentGroupEc2TagFilterArgs(
            type="KEY_AND_VALUE", key=targets.key, value=targets.value
        )
    ]
