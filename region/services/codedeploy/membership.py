"""Which instances and target groups a deployment group deploys to.

Call with the control plane's lock held.
"""

from __future__ import annotations

from typing import Any

from moto.codedeploy.models import DeploymentGroup, DeploymentInfo

from region.api.server import ControlPlane
from region.services.autoscaling.groups import IN_SERVICE
from region.services.codedeploy import tag_filters
from region.services.codedeploy.records import (
    DeploymentGroupRecord,
    DeploymentRecord,
    Revision,
    ServiceRecord,
)

STARTED_OR_STOPPED = frozenset({"running", "stopping", "stopped"})
WITH_TRAFFIC_CONTROL = "WITH_TRAFFIC_CONTROL"


def members(plane: ControlPlane, group: DeploymentGroup) -> list[str]:
    """Return instance ids: InService in the group's Auto Scaling groups, or matched by its tags.

    A stopped instance is one of them, so that its deployment fails and counts as that of an unhealthy
    one; what is being terminated is not.
    """
    tag_sets = group.ec2_tag_set.get("ec2TagSetList") or []
    found = _selected(plane, group.auto_scaling_groups, group.ec2_tag_filters or [], tag_sets)
    return [*found, *_on_premises(plane, group)]


def _on_premises(plane: ControlPlane, group: DeploymentGroup) -> list[str]:
    """Return the names of the registered on-premises instances that the group's tags choose."""
    filters = group.on_premises_instance_tag_filters or []
    tag_sets = group.on_premises_tag_set.get("onPremisesTagSetList") or []
    if not filters and not tag_sets:
        return []
    return [
        one.name
        for one in ServiceRecord.of(plane.backend("codedeploy")).on_premises.values()
        if one.deregistered is None and tag_filters.match(one.tags, filters, tag_sets)
    ]


def is_on_premises(plane: ControlPlane, name: str) -> bool:
    """Return whether this is the name of a registered on-premises instance."""
    found = ServiceRecord.of(plane.backend("codedeploy")).on_premises.get(name)
    return found is not None and found.deregistered is None


def named(plane: ControlPlane, instances: dict[str, Any]) -> list[str]:
    """Return the ids of the instances that a blue/green deployment's `targetInstances` names."""
    tag_sets = (instances.get("ec2TagSet") or {}).get("ec2TagSetList") or []
    return _selected(
        plane, instances.get("autoScalingGroups") or [], instances.get("tagFilters") or [], tag_sets
    )


def _selected(
    plane: ControlPlane,
    scaling_groups: list[str],
    filters: list[dict[str, str]],
    tag_sets: list[list[dict[str, str]]],
) -> list[str]:
    found: dict[str, None] = {}
    scaling = plane.backend("autoscaling").autoscaling_groups
    for name in scaling_groups:
        if name in scaling:
            for state in scaling[name].instance_states:
                if state.lifecycle_state == IN_SERVICE:
                    found[state.instance.id] = None
    if filters or tag_sets:
        for instance in plane.backend("ec2").all_instances():
            tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
            if instance.state in STARTED_OR_STOPPED and tag_filters.match(tags, filters, tag_sets):
                found[instance.id] = None
    return list(found)


def in_deployment_order(
    plane: ControlPlane, group: DeploymentGroup, instances: list[str]
) -> list[str]:
    """Sort instances as CodeDeploy deploys to them.

    First those that are not healthy: never deployed to, or without success the last time; then those
    whose revision is not known any more, those with an old one, and those with the group's current one.
    https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
    """
    known = DeploymentGroupRecord.of(group)
    deployments = plane.backend("codedeploy").deployments

    def priority(name: str) -> int:
        if name not in known.deployed or name in known.failed_instances:
            return 0
        last = deployments.get(known.deployed[name])
        if last is None:
            return 1
        return 2 if last.revision != known.target_revision else 3

    return sorted(instances, key=priority)


def outdated(plane: ControlPlane, group: DeploymentGroup, deployment: DeploymentInfo) -> list[str]:
    """Return members that joined while `deployment` ran and have another revision than its own."""
    deployments = plane.backend("codedeploy").deployments
    deployed = DeploymentGroupRecord.of(group).deployed
    found: list[str] = []
    for name in members(plane, group):
        last = deployments.get(deployed.get(name, ""))
        joined = name not in DeploymentRecord.of(deployment).targets
        if joined and last is not None and last.revision != deployment.revision:
            found.append(name)
    return found


def without_revision(
    plane: ControlPlane, group: DeploymentGroup, instances: list[str], revision: Revision
) -> list[str]:
    """Return those of `instances` whose last successful deployment was not of `revision`."""
    deployments = plane.backend("codedeploy").deployments
    deployed = DeploymentGroupRecord.of(group).deployed

    def is_outdated(name: str) -> bool:
        last = deployments.get(deployed.get(name, ""))
        return last is None or last.revision != revision

    return [name for name in instances if is_outdated(name)]


def zone_of(plane: ControlPlane, instance_id: str) -> str:
    """Return the name of an instance's Availability Zone; empty if it is gone."""
    instance = plane.backend("ec2").get_instance_by_id(instance_id)
    return (instance.placement.zone or "") if instance is not None else ""


def target_group_names(group: DeploymentGroup) -> list[str]:
    """Return the names of the target groups whose traffic the deployment group controls."""
    if group.deployment_style.get("deploymentOption") != WITH_TRAFFIC_CONTROL:
        return []
    return [entry["name"] for entry in group.load_balancer_info.get("targetGroupInfoList") or []]


def target_group_arns(plane: ControlPlane, group: DeploymentGroup) -> tuple[str, ...]:
    """Return the ARNs of the target groups whose traffic the deployment group controls."""
    by_name = {
        target_group.name: target_group.arn
        for target_group in plane.backend("elbv2").target_groups.values()
    }
    return tuple(by_name[name] for name in target_group_names(group) if name in by_name)
