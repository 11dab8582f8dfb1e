"""The fleet: a launch template and an Auto Scaling group over all zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import instance_spec
from components.base import Component
from components.instance_spec import MachineArgs
from components.tags import named
from components.user_data import encode_user_data

CAPACITY_TIMEOUT = "15m"
"""How long `up` waits for the instances to be in service in the group. Not for the load balancer's
opinion (`min_elb_capacity`): the application arrives only after `up`. A time-out here leaves a
group that the state does not know (pulumi/pulumi-aws#5178), so it is well above a slow boot."""

WARMUP_SECONDS = 60
"""How long a new instance's metrics do not count; AWS recommends to set it in every group (Auto
Scaling user guide, "Set the default instance warmup")."""


@dataclass(frozen=True, kw_only=True)
class FleetArgs:
    """Sizes count instances, the grace period seconds, `requests_per_target` requests a minute.

    `request_label` is target tracking's `<load balancer suffix>/<target group suffix>`.
    `further_types` are launched where the machine's own type is not to be had, the first one first.
    Above one instance per zone, `spot_percentage` of the fleet are Spot instances.
    """

    machine: MachineArgs
    subnet_ids: Mapping[str, pulumi.Input[str]]
    target_group_arn: pulumi.Input[str]
    request_label: pulumi.Input[str]
    min_size: int
    desired_capacity: int
    max_size: int
    grace_seconds: int
    requests_per_target: int
    further_types: tuple[str, ...] = ()
    spot_percentage: int = 0
    force_delete: bool

    def __post_init__(self) -> None:
        """Refuses a fleet that is none."""
        if len(self.subnet_ids) < 2:
            raise ValueError(
                f"a fleet over {len(self.subnet_ids)} zone(s) ends with that zone; use at least 2"
            )
        if not 1 <= self.min_size <= self.desired_capacity <= self.max_size:
            raise ValueError(
                f"sizes {self.min_size} <= {self.desired_capacity} <= {self.max_size} do not hold; "
                "order them minimum, desired, maximum, from 1"
            )
        if self.spot_percentage and not self.further_types:
            raise ValueError(
                f"{self.spot_percentage} % Spot of one instance type is taken back as a whole; "
                "name further types"
            )


class Fleet(Component):
    """Instances in every zone that Auto Scaling replaces when the load balancer calls them sick."""

    group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FleetArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__(
            "fleet:Fleet",
            name,
            {
                "instanceType": args.machine.instance_type,
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
                # Not CPU: out of credits a burstable instance is throttled to its baseline, and its
                # CPU can never reach a target above that.
                predefined_metric_specification=aws.autoscaling.PolicyTargetTrackingConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type="ALBRequestCountPerTarget",
                    resource_label=args.request_label,
                ),
                target_value=float(args.requests_per_target),
            ),
            opts=self.child(),
        )
        self.group_name = group.name
        self.finish({"groupName": self.group_name})

    def _launch_template(self) -> aws.ec2.LaunchTemplate:
        spec = self._args.machine
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
                        # Texts, because the provider tells "false" from "not set" here.
                        encrypted="true",
                        delete_on_termination="true",
                        volume_type=instance_spec.ROOT_TYPE,
                        volume_size=instance_spec.ROOT_GIBIBYTES,
                    ),
                )
            ],
            # The group's tags reach its instances, but not their volumes.
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
        # The number, not "$Latest": with that nothing in the group changes when the template does
        # (pulumi/pulumi-aws#1577), and the state does not say what runs.
        version = template.latest_version.apply(_version)
        mixed = bool(args.further_types)
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
            # Replaces a Spot instance before EC2 takes it back; of no use without Spot (Auto
            # Scaling user guide, "Capacity Rebalancing").
            capacity_rebalance=True if args.spot_percentage else None,
            target_group_arns=[args.target_group_arn],
            # The default, EC2, keeps an instance whose application is dead (Security Hub
            # AutoScaling.1).
            health_check_type="ELB",
            health_check_grace_period=args.grace_seconds,
            default_instance_warmup=WARMUP_SECONDS,
            # Launch before terminate, for replacements and for the balance of the zones (Auto
            # Scaling user guide, "Instance maintenance policies").
            instance_maintenance_policy=aws.autoscaling.GroupInstanceMaintenancePolicyArgs(
                min_healthy_percentage=100, max_healthy_percentage=200
            ),
            wait_for_capacity_timeout=CAPACITY_TIMEOUT,
            force_delete=args.force_delete,
            tags=[
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
                for key, value in named(args.machine.tags, self._name).items()
            ],
            opts=self.child(
                depends_on=args.machine.prerequisites,
                # Auto Scaling's number after the first `up`: else each `up` would undo its work.
                ignore_changes=["desiredCapacity"],
            ),
        )

    def _mixed_instances(
        self, template: aws.ec2.LaunchTemplate, version: pulumi.Output[str]
    ) -> aws.autoscaling.GroupMixedInstancesPolicyArgs:
        args = self._args
        types = (args.machine.instance_type, *args.further_types)
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
                # In the order of the overrides, and not the cheapest first.
                on_demand_allocation_strategy="prioritized",
                # Whatever EC2 takes back, each zone keeps an instance.
                on_demand_base_capacity=len(args.subnet_ids),
                on_demand_percentage_above_base_capacity=100 - args.spot_percentage,
                # What AWS recommends; the provider's default, lowest-price, is taken back most
                # often (Auto Scaling user guide, "Allocation strategies").
                spot_allocation_strategy="price-capacity-optimized",
            ),
        )


def _version(number: float) -> str:
    return str(int(number))


def _credits(mode: str | None) -> aws.ec2.LaunchTemplateCreditSpecificationArgs | None:
    return aws.ec2.LaunchTemplateCreditSpecificationArgs(cpu_credits=mode) if mode else None
