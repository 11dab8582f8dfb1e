"""Which instances a deployment group deploys to.

Call with the control plane's lock held.
"""

from typing import Any

from region.api.server import ControlPlane
from region.services.codedeploy import patches

IN_SERVICE = "InService"


def members(plane: ControlPlane, group: Any) -> list[str]:
    """Instance ids of the group: InService in its Auto Scaling groups, or matched by its tags."""
    found: dict[str, None] = {}
    scaling = plane.backend("autoscaling").autoscaling_groups
    for name in group.auto_scaling_groups:
        if name in scaling:
            for state in scaling[name].instance_states:
                if state.lifecycle_state == IN_SERVICE:
                    found[state.instance.id] = None
    if group.ec2_tag_filters or (group.ec2_tag_set or {}).get("ec2TagSetList"):
        for instance in plane.backend("ec2").all_instances():
            if instance.state == "running" and _tagged(instance, group):
                found[instance.id] = None
    return list(found)


def ordered(group: Any, instances: list[str]) -> list[str]:
    """The order to deploy in: first what has no or a failed deployment, it is not healthy."""
    failed = set(group.failed_instances)
    return sorted(instances, key=lambda name: name in group.deployed and name not in failed)


def outdated(plane: ControlPlane, group: Any, deployment: Any) -> list[str]:
    """Members that came meanwhile and run another revision than `deployment`'s."""
    deployments = plane.backend("codedeploy").deployments
    found: list[str] = []
    for name in members(plane, group):
        last = deployments.get(group.deployed.get(name))
        if name not in deployment.targets and last and last.revision != deployment.revision:
            found.append(name)
    return found


def target_group_arns(plane: ControlPlane, group: Any) -> tuple[str, ...]:
    """ARNs of the target groups whose traffic the deployment group controls."""
    by_name = {
        target_group.name: target_group.arn
        for target_group in plane.backend("elbv2").target_groups.values()
    }
    names = patches.target_group_names(group)
    return tuple(by_name[name] for name in names if name in by_name)


def _tagged(instance: Any, group: Any) -> bool:
    tags = {tag["key"]: tag["value"] for tag in instance.get_tags()}
    if group.ec2_tag_filters and not _any_matches(tags, group.ec2_tag_filters):
        return False
    # A tag set is a list of lists: every list must match by at least one of its filters.
    lists = (group.ec2_tag_set or {}).get("ec2TagSetList") or []
    return all(_any_matches(tags, filters) for filters in lists)


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
