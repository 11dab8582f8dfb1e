"""The Auto Scaling groups of a blue/green deployment: the copy, and the end of the original.

https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
Call with the control plane's lock held.
"""

from __future__ import annotations

import copy
from typing import Any, cast

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.services.autoscaling import groups
from region.services.autoscaling.records import GroupRecord

GROUP_TAG_PREFIX = "aws:"
COPIED = (
    "default_instance_warmup",
    "instance_maintenance_policy",
    "max_instance_lifetime",
    "context",
    "desired_capacity_type",
    "availability_zone_distribution",
    "availability_zone_impairment_policy",
    "capacity_reservation_specification",
)
"""What the region keeps of a group's own settings."""


def name_of(deployment: DeploymentInfo) -> str:
    """Return the name of the Auto Scaling group that a deployment makes."""
    group = deployment.deployment_group.deployment_group_name
    return f"CodeDeploy_{group}_{deployment.deployment_id}"


def copy_group(plane: ControlPlane, source: str, name: str) -> FakeAutoScalingGroup:
    """Create a copy of an Auto Scaling group that gets no traffic yet.

    Scaling policies, scheduled actions and lifecycle hooks are left behind, as CodeDeploy leaves
    them: whoever has some uses in-place deployments.
    """
    backend: AutoScalingBackend = plane.backend("autoscaling")
    old = groups.require_group(backend, source)
    tags = [
        {key: tag[key] for key in ("Key", "Value", "PropagateAtLaunch")}
        for tag in cast("list[dict[str, Any]]", old.tags)
        if not str(tag["Key"]).startswith(GROUP_TAG_PREFIX)
    ]
    mixed = copy.deepcopy(old.mixed_instances_policy)
    if mixed:
        _by_id(mixed["LaunchTemplate"]["LaunchTemplateSpecification"])
    template = dict(old.launch_template or {})
    _by_id(template)
    new = backend.create_auto_scaling_group(
        name=name,
        availability_zones=[] if old.vpc_zone_identifier else old.availability_zones,
        desired_capacity=old.desired_capacity,
        max_size=old.max_size,
        min_size=old.min_size,
        launch_config_name="",
        launch_template={} if mixed else template,
        vpc_zone_identifier=old.vpc_zone_identifier,
        default_cooldown=old.default_cooldown,
        health_check_period=old.health_check_grace_period,
        health_check_type=old.health_check_type,
        load_balancers=[],
        target_group_arns=[],
        placement_group=old.placement_group,
        termination_policies=list(old.termination_policies),
        tags=tags,
        capacity_rebalance=old.capacity_rebalance,
        new_instances_protected_from_scale_in=old.new_instances_protected_from_scale_in,
        mixed_instances_policy=mixed,
    )
    new.health_check_grace_period = old.health_check_grace_period
    new.metrics = list(old.metrics)
    record, before = GroupRecord.of(new), GroupRecord.of(old)
    for attribute in COPIED:
        setattr(record, attribute, copy.deepcopy(getattr(before, attribute)))
    return new


def _by_id(template: dict[str, Any]) -> None:
    """Name a launch template by its id alone, as requests do."""
    template.pop("LaunchTemplateName", None)


def in_service(plane: ControlPlane, name: str) -> list[str] | None:
    """Return the ids of a group's instances once all that it wants are in service, else None.

    Raises:
        ValidationError: The group is gone.
    """
    group = groups.require_group(plane.backend("autoscaling"), name)
    found = [state.instance.id for state in group.active_instances()]
    return found if len(found) >= (group.desired_capacity or 0) else None


def take_over_traffic(plane: ControlPlane, source: str, name: str) -> None:
    """Attach the original group's target groups to the copy: later instances register too."""
    known = plane.backend("autoscaling").autoscaling_groups
    if source in known and name in known:
        old, new = known[source], known[name]
        new.append_target_groups(list(old.target_group_arns))
        # What CodeDeploy took out of the target groups is not registered there again.
        old.target_group_arns = []


def delete_group(plane: ControlPlane, name: str) -> None:
    """End a group and its instances."""
    backend: AutoScalingBackend = plane.backend("autoscaling")
    group = backend.autoscaling_groups.get(name)
    if group is None:
        return
    group.min_size = group.max_size = group.desired_capacity = 0
    GroupRecord.of(group).status = groups.DELETING
    if not group.instance_states:
        groups.remove_group(backend, group)
    plane.notify()
