"""CodeDeploy: an application with one deployment group."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.config.minimum_healthy_hosts import MinimumHealthyHosts
from components.tags import Tags

MAX_ALARMS = 10
"""CodeDeploy user guide, "Monitoring deployments with CloudWatch alarms"."""


@dataclass(frozen=True, kw_only=True)
class TaggedInstances:
    """Deploy to the instances with one tag, without traffic control."""

    key: str
    value: str


@dataclass(frozen=True, kw_only=True)
class LoadBalancedGroup:
    """Deploy to an Auto Scaling group, deregistering each instance from its target group."""

    group_name: pulumi.Input[str]
    target_group_name: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class CodeDeployArgs:
    """Arguments of `CodeDeploy`.

    Attributes:
        targets: The instances to deploy to.
        deployment_config: The name of an existing deployment configuration, or the minimum healthy
            hosts of one to create.
        first_zone_monitor: Seconds for which a configuration that is created watches the first zone
            before it goes on to the next; None if it does not go zone by zone.
        stop_alarms: Names of the CloudWatch alarms that stop a deployment.
        service_role_arn: The role that CodeDeploy assumes.
        prerequisites: The service role's policies: CodeDeploy tests the role at creation.
        tags: Tags of every resource.
    """

    targets: TaggedInstances | LoadBalancedGroup
    deployment_config: str | MinimumHealthyHosts
    first_zone_monitor: int | None = None
    stop_alarms: tuple[pulumi.Input[str], ...] = ()
    service_role_arn: pulumi.Input[str]
    prerequisites: tuple[pulumi.Resource, ...]
    tags: Tags

    def __post_init__(self) -> None:
        """Reject what CodeDeploy would reject."""
        if len(self.stop_alarms) > MAX_ALARMS:
            raise ValueError(
                f"a deployment group takes {MAX_ALARMS} alarms, not {len(self.stop_alarms)}; "
                "leave out those that a rollback cannot resolve"
            )


class CodeDeploy(Component):
    """A CodeDeploy application with its one deployment group, in place.

    In place and not blue/green: COPY_AUTO_SCALING_GROUP creates a new Auto Scaling group and deletes
    ours, outside the state (hashicorp/terraform-provider-aws#4678). One deployment group per Auto
    Scaling group: two would deploy to a new instance at the same time (CodeDeploy user guide,
    troubleshooting Auto Scaling issues).
    """

    application_name: pulumi.Output[str]
    group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: CodeDeployArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "deployment:CodeDeploy",
            name,
            {"deploymentConfig": _display(args.deployment_config)},
            opts,
        )
        application = aws.codedeploy.Application(
            f"{name}-application",
            compute_platform="Server",
            tags=dict(args.tags),
            opts=self.child(),
        )
        group = self._group(name, args, application)
        self.application_name = application.name
        self.group_name = group.deployment_group_name
        self.register({"applicationName": self.application_name, "groupName": self.group_name})

    def _group(
        self, name: str, args: CodeDeployArgs, application: aws.codedeploy.Application
    ) -> aws.codedeploy.DeploymentGroup:
        balanced = isinstance(args.targets, LoadBalancedGroup)
        alarms = _alarms(args.stop_alarms)
        return aws.codedeploy.DeploymentGroup(
            f"{name}-group",
            app_name=application.name,
            deployment_group_name=name,
            service_role_arn=args.service_role_arn,
            deployment_config_name=self._config_name(name, args),
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
            # An active alarm also stops a deployment that has not started yet, so a group without a
            # metric of its responses gets no alarms.
            alarm_configuration=alarms,
            # The instance runs its ApplicationStop before Auto Scaling terminates it, so requests in
            # flight are answered. The price: scale-in waits for it.
            termination_hook_enabled=balanced,
            # An instance launched during a deployment gets the old revision: update it afterwards
            # (AWS Config codedeploy-deployment-group-outdated-instances-update).
            outdated_instances_strategy="UPDATE",
            tags=dict(args.tags),
            opts=self.child(depends_on=args.prerequisites),
        )

    def _config_name(self, name: str, args: CodeDeployArgs) -> pulumi.Input[str]:
        config = args.deployment_config
        if isinstance(config, str):
            return config
        return aws.codedeploy.DeploymentConfig(
            f"{name}-config",
            compute_platform="Server",
            minimum_healthy_hosts=aws.codedeploy.DeploymentConfigMinimumHealthyHostsArgs(
                type=config.kind, value=config.value
            ),
            zonal_config=_zonal(args.first_zone_monitor),
            opts=self.child(),
        ).deployment_config_name


def _display(config: str | MinimumHealthyHosts) -> str:
    return config if isinstance(config, str) else f"{config.kind} {config.value}"


def _zonal(
    first_zone_monitor: int | None,
) -> aws.codedeploy.DeploymentConfigZonalConfigArgs | None:
    """Watch the first zone: a third of the visitors show what is wrong; the others follow at once.

    What has ended is not rolled back, so without that a deployment would be over before an alarm can go
    off. A minimum per zone is left out: all of a zone are taken at once, and the minimum of the whole
    fleet ends a deployment whose first zone fails.
    """
    if first_zone_monitor is None:
        return None
    return aws.codedeploy.DeploymentConfigZonalConfigArgs(
        first_zone_monitor_duration_in_seconds=first_zone_monitor
    )


def _alarms(
    names: tuple[pulumi.Input[str], ...],
) -> aws.codedeploy.DeploymentGroupAlarmConfigurationArgs | None:
    if not names:
        return None
    return aws.codedeploy.DeploymentGroupAlarmConfigurationArgs(
        enabled=True, alarms=list(names), ignore_poll_alarm_failure=False
    )


def _autoscaling_groups(
    targets: TaggedInstances | LoadBalancedGroup,
) -> list[pulumi.Input[str]] | None:
    return [targets.group_name] if isinstance(targets, LoadBalancedGroup) else None


def _load_balancer(
    targets: TaggedInstances | LoadBalancedGroup,
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
    targets: TaggedInstances | LoadBalancedGroup,
) -> list[aws.codedeploy.DeploymentGroupEc2TagFilterArgs] | None:
    if isinstance(targets, LoadBalancedGroup):
        return None
    return [
        aws.codedeploy.DeploymentGroupEc2TagFilterArgs(
            type="KEY_AND_VALUE", key=targets.key, value=targets.value
        )
    ]
