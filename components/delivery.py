"""Delivery: how CodeDeploy brings revisions to the instances."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.tags import Tags


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
    """`prerequisites` are the service role's grants: CodeDeploy tries the role at creation."""

    targets: TaggedInstances | BalancedFleet
    deployment_config: str
    service_role_arn: pulumi.Input[str]
    prerequisites: tuple[pulumi.Resource, ...]
    tags: Tags


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
            "delivery:Delivery", name, {"deploymentConfig": args.deployment_config}, opts
        )
        application = aws.codedeploy.Application(
            f"{name}-application",
            compute_platform="Server",
            tags=dict(args.tags),
            opts=self.child(),
        )
        balanced = isinstance(args.targets, BalancedFleet)
        group = aws.codedeploy.DeploymentGroup(
            f"{name}-group",
            app_name=application.name,
            deployment_group_name=name,
            service_role_arn=args.service_role_arn,
            deployment_config_name=args.deployment_config,
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
                enabled=True, events=["DEPLOYMENT_FAILURE"]
            ),
            # An instance launched during a deployment got the old revision: update it afterwards
            # (AWS Config codedeploy-deployment-group-outdated-instances-update).
            outdated_instances_strategy="UPDATE",
            tags=dict(args.tags),
            opts=self.child(depends_on=args.prerequisites),
        )
        self.application_name = application.name
        self.group_name = group.deployment_group_name
        self.finish({"applicationName": self.application_name, "groupName": self.group_name})


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
