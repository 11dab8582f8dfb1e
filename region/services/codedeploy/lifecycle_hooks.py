"""CodeDeploy's lifecycle hooks in Auto Scaling groups: what a launch and a termination wait for.

https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
"""

from collections.abc import Iterator
from typing import Any, Literal

from region.api.server import ControlPlane
from region.services.codedeploy import deployment_patches as records

Decision = Literal["continue", "wait", "abandon"]


def launch_decision(plane: ControlPlane, asg_name: str, instance_id: str) -> Decision:
    """Whether a new instance may go into service.

    Starts, once per instance, a deployment of the last successful revision.
    """
    with plane.lock:
        backend = plane.backend("codedeploy")
        decisions = [
            _launch(plane, backend, group, instance_id) for group in _groups(backend, asg_name)
        ]
    for decision in ("abandon", "wait"):
        if decision in decisions:
            return decision
    return "continue"


def termination_decision(plane: ControlPlane, asg_name: str, instance_id: str) -> Decision:
    """Whether an instance may be ended.

    Starts, once per instance that has a revision, a deployment that stops the application.
    However that ends, the instance goes.
    """
    with plane.lock:
        backend = plane.backend("codedeploy")
        waiting = [
            _stops(plane, backend, group, instance_id)
            for group in _groups(backend, asg_name)
            if group.termination_hook_enabled
        ]
    return "wait" if any(waiting) else "continue"


def _groups(backend: Any, asg_name: str) -> Iterator[Any]:
    for groups in backend.deployment_groups.values():
        for group in groups.values():
            if asg_name in group.auto_scaling_groups:
                yield group


def _launch(plane: ControlPlane, backend: Any, group: Any, instance_id: str) -> Decision:
    if group.last_successful is None:
        return "continue"
    deployment = backend.deployments.get(group.launches.get(instance_id))
    if deployment is None:
        source = backend.deployments[group.last_successful["deploymentId"]]
        deployment = records.follow_up(
            backend, group, source, records.AUTOSCALING, only=[instance_id]
        )
        group.launches[instance_id] = deployment.deployment_id
        plane.notify()
    if deployment.status in records.ACTIVE:
        return "wait"
    return "continue" if deployment.status == "Succeeded" else "abandon"


def _stops(plane: ControlPlane, backend: Any, group: Any, instance_id: str) -> bool:
    """Whether the instance still stops its application; the group forgets it when it has."""
    source = backend.deployments.get(group.deployed.get(instance_id))
    if source is None:
        return False
    deployment = backend.deployments.get(group.terminations.get(instance_id))
    if deployment is None:
        deployment = records.follow_up(
            backend, group, source, records.TERMINATION, only=[instance_id]
        )
        group.terminations[instance_id] = deployment.deployment_id
        plane.notify()
    return deployment.status in records.ACTIVE
