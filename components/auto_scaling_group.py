"""An Auto Scaling group across all zones, with its launch template and scaling policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import instance_spec
from components.base import Component
from components.health_check import DEFAULT_TIMING, HealthCheckTiming
from components.instance_spec import InstanceSpec
from components.tags import named
from components.user_data import encode_user_data
from policies.availability import target_groups, zones

CAPACITY_TIMEOUT = "15m"
"""How long `up` waits for the instances to be in service in the group. It does not wait for healthy
targets (`min_elb_capacity`): the application is released only after `up`. A timeout here leaves a
group that is missing from the state (pulumi/pulumi-aws#5178), so it is well above a slow boot."""

WARMUP_SECONDS = 60
"""How long a new instance's metrics are ignored; AWS recommends setting it for every group (Auto
Scaling user guide, "Set the default instance warmup")."""


@dataclass(frozen=True, kw_only=True)
class AutoScalingGroupArgs:
    """Arguments of `AutoScalingGroup`.

    Attributes:
        spec: How each instance is built.
        subnet_ids: The subnets by zone, at least two.
        target_group_arn: The target group that instances are registered with.
        resource_label: Target tracking's `<load balancer suffix>/<target group suffix>`.
        min_size: Smallest number of instances.
        desired_capacity: Number of instances at creation; Auto Scaling decides afterwards.
        max_size: Largest number of instances.
        health_check_grace_seconds: How long after launch a failed health check is ignored.
        health_check: When the load balancer sees that an instance works.
        requests_per_target: Requests per minute and instance that target tracking aims at.
        additional_types: Instance types to launch when `spec.instance_type` has no capacity, in
            order of preference.
        spot_percentage: Share of Spot instances above one instance per zone.
        force_delete: Whether the group can be deleted while it has instances.
    """

    spec: InstanceSpec
    subnet_ids: Mapping[str, pulumi.Input[str]]
    target_group_arn: pulumi.Input[str]
    resource_label: pulumi.Input[str]
    min_size: int
    desired_capacity: int
    max_size: int
    health_check_grace_seconds: int
    requests_per_target: int
    health_check: HealthCheckTiming = DEFAULT_TIMING
    additional_types: tuple[str, ...] = ()
    spot_percentage: int = 0
    force_delete: bool

    def __post_init__(self) -> None:
        """Reject an impossible group."""
        count = len(self.subnet_ids)
        if (problem := zones.too_few_zones(count)) is not None:
            raise ValueError(f"the group spans {count} zone(s); {problem}")
        if not 1 <= self.min_size <= self.desired_capacity <= self.max_size:
            raise ValueError(
                f"sizes {self.min_size} <= {self.desired_capacity} <= {self.max_size} do not hold; "
                "order them as minimum, desired, maximum, starting from 1"
            )
        left = zones.left_after_loss(self.min_size, count)
        if (problem := zones.too_few_left(left)) is not None:
            raise ValueError(
                f"the group may shrink to {self.min_size}: {problem}; set min_size to "
                f"{zones.smallest_size(count)} or more"
            )
        problem = target_groups.bad_grace(
            self.health_check_grace_seconds, self.health_check.healthy_after
        )
        if problem is not None:
            raise ValueError(
                f"{problem}; set health_check_grace_seconds to boot time plus first deployment"
            )
        if self.spot_percentage and not self.additional_types:
            raise ValueError(
                f"{self.spot_percentage} % Spot of one instance type can be interrupted all at once; "
                "add more instance types"
            )


class AutoScalingGroup(Component):
    """Instances in every zone, replaced when they fail the load balancer's health check."""

    group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: AutoScalingGroupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            "compute:AutoScalingGroup",
            name,
            {
                "instanceType": args.spec.instance_type,
                "zones": list(args.subnet_ids),
                "minSize": args.min_size,
                "maxSize": args.max_size,
            },
            opts,
        )
        self._name = name
        self._args = args
        group = self._group(self._launch_template())
        aws.autoscaling.Policy(
            f"{name}-requests",
            autoscaling_group_name=group.name,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration=aws.autoscaling.PolicyTargetTrackingConfigurationArgs(
                # Not CPU: without credits a burstable instance is throttled to its baseline, and its
                # CPU utilization can never reach a target above that.
                predefined_metric_specification=aws.autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type="ALBRequestCountPerTarget",
                    resource_label=args.resource_label,
                ),
                target_value=float(args.requests_per_target),
            ),
            opts=self.child(),
        )
        self.group_name = group.name
        self.register({"groupName": self.group_name})

    def _launch_template(self) -> aws.ec2.LaunchTemplate:
        spec = self._args.spec
        return aws.ec2.LaunchTemplate(
            f"{self._name}-template",
            image_id=spec.image_id,
            instance_type=spec.instance_type,
            vpc_security_group_ids=[spec.security_group_id],
            iam_instance_profile=aws.ec2.LaunchTemplateIamInstanceProfileArgs(
                name=spec.instance_profile_name
            ),
            user_data=spec.user_data.apply(encode_user_data),
            update_default_version=True,
            credit_specification=_credits(spec.credits),
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled",
                http_tokens=instance_spec.METADATA_TOKENS,
                http_put_response_hop_limit=instance_spec.METADATA_HOPS,
            ),
            block_device_mappings=[
                aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name=instance_spec.ROOT_DEVICE,
                    ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        # Strings, because the provider distinguishes "false" from unset here.
                        encrypted="true",
                        delete_on_termination="true",
                        volume_type=instance_spec.ROOT_TYPE,
                        volume_size=instance_spec.ROOT_GIBIBYTES,
                    ),
                )
            ],
            # The group's tags propagate to its instances, but not to their volumes.
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(
                    resource_type=kind, tags=named(spec.tags, self._name)
                )
                for kind in ("instance", "volume")
            ],
            tags=dict(spec.tags),
            opts=self.child(depends_on=spec.prerequisites),
        )

    def _group(self, template: aws.ec2.LaunchTemplate) -> aws.autoscaling.Group:
        args = self._args
        # The number, not "$Latest": that leaves the group unchanged when the template changes
        # (pulumi/pulumi-aws#1577), and the state does not record which version runs.
        version = template.latest_version.apply(_version)
        mixed = bool(args.additional_types)
        return aws.autoscaling.Group(
            f"{self._name}-group",
            vpc_zone_identifiers=list(args.subnet_ids.values()),
            min_size=args.min_size,
            desired_capacity=args.desired_capacity,
            max_size=args.max_size,
            launch_template=(
                None
                if mixed
                else aws.autoscaling.GroupLaunchTemplateArgs(id=template.id, version=version)
            ),
            mixed_instances_policy=self._mixed_instances(template, version) if mixed else None,
            # Replaces a Spot instance before EC2 interrupts it; useless without Spot (Auto Scaling
            # user guide, "Capacity Rebalancing").
            capacity_rebalance=True if args.spot_percentage else None,
            target_group_arns=[args.target_group_arn],
            # The default, EC2, keeps an instance whose application has died (Security Hub
            # AutoScaling.1).
            health_check_type="ELB",
            health_check_grace_period=args.health_check_grace_seconds,
            default_instance_warmup=WARMUP_SECONDS,
            # Launch before terminating, for replacements and for rebalancing between zones (Auto
            # Scaling user guide, "Instance maintenance policies").
            instance_maintenance_policy=aws.autoscaling.GroupInstanceMaintenancePolicyArgs(
                min_healthy_percentage=100, max_healthy_percentage=200
            ),
            wait_for_capacity_timeout=CAPACITY_TIMEOUT,
            force_delete=args.force_delete,
            tags=[
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
                for key, value in named(args.spec.tags, self._name).items()
            ],
            opts=self.child(
                depends_on=args.spec.prerequisites,
                # Auto Scaling owns it after the first `up`: otherwise each `up` would undo scaling.
                ignore_changes=["desiredCapacity"],
            ),
        )

    def _mixed_instances(
        self, template: aws.ec2.LaunchTemplate, version: pulumi.Output[str]
    ) -> aws.autoscaling.GroupMixedInstancesPolicyArgs:
        args = self._args
        types = (args.spec.instance_type, *args.additional_types)
        return aws.autoscaling.GroupMixedInstancesPolicyArgs(
            launch_template=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateArgs(
                launch_template_specification=aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs(
                    launch_template_id=template.id, version=version
                ),
                overrides=[
                    aws.autoscaling.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs(
                        instance_type=name
                    )
                    for name in types
                ],
            ),
            instances_distribution=aws.autoscaling.GroupMixedInstancesPolicyInstancesDistributionArgs(
                # In the order of the overrides, not the cheapest first.
                on_demand_allocation_strategy="prioritized",
                # Each zone keeps an instance whatever Spot capacity EC2 interrupts.
                on_demand_base_capacity=len(args.subnet_ids),
                on_demand_percentage_above_base_capacity=100 - args.spot_percentage,
                # What AWS recommends; the provider's default, lowest-price, is interrupted most
                # often (Auto Scaling user guide, "Allocation strategies").
                spot_allocation_strategy="price-capacity-optimized",
            ),
        )


def _version(number: float) -> str:
    return str(int(number))


def _credits(mode: str | None) -> aws.ec2.LaunchTemplateCreditSpecificationArgs | None:
    return aws.ec2.LaunchTemplateCreditSpecificationArgs(cpu_credits=mode) if mode else None
