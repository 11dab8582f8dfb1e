"""Which instances and target groups a deployment group deploys to.

Call with the control plane's lock held.
"""

from __future__ import annotations

from typing import Any

from moto.codedeploy.models import DeploymentGroup, DeploymentInfo
from moto.ec2.models.instances import Instance

from region.api.server import ControlPlane
from region.services.autoscaling.groups import IN_SERVICE
from region.services.codedeploy.records import DeploymentGroupRecord, DeploymentRecord, Revision

STARTED_OR_STOPPED = frozenset({"running", "stopping", "stopped"})
WITH_TRAFFIC_CONTROL = "WITH_TRAFFIC_CONTROL"


def members(plane: ControlPlane, group: DeploymentGroup) -> list[str]:
    """Return instance ids: InService in the group's Auto Scaling groups, or matched by its tags.

    A stopped instance is one of them, so that its deployment fails and counts as that of an unhealthy
    one; what is being terminated is not.
    """
    tag_sets = group.ec2_tag_set.get("ec2TagSetList") or []
    return _selected(plane, group.auto_scaling_groups, group.ec2_tag_filters or [], tag_sets)


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
            if instance.state in STARTED_OR_STOPPED and _has_tags(instance, filters, tag_sets):
                found[instance.id] = None
    return list(found)


def in_deployment_order(group: DeploymentGroup, instances: list[str]) -> list[str]:
    """Sort instances: those without a successful deployment first, because they are not healthy."""
    known = DeploymentGroupRecord.of(group)
    healthy = known.deployed.keys() - known.failed_instances
    return sorted(instances, key=lambda name: name in healthy)


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


def _has_tags(
    instance: Instance, filters: list[dict[str, str]], tag_sets: list[list[dict[str, str]]]
) -> bool:
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    if filters and not _any_matches(tags, filters):
        return False
    # A tag set is a list of lists: every list must match by at least one of its filters.
    return all(_any_matches(tags, one) for one in tag_sets)


def _any_matches(tags: dict[str, str], filters: list[dict[str, str]]) -> bool:
    return any(_matches(tags, entry) for entry in filters)


def _matches(tags: dict[str, str], entry: dict[str, str]) -> bool:
    key, value = entry.get("Key"), entry.get("Value")
    kind = entry.get("Type", "KEY_AND_VALUE")
    if kind == "KEY_ONLY":
        return key in tags
    if kind == "VALUE_ONLY":
        return value in tags.values()
    return key in tags and tags[key] == value
