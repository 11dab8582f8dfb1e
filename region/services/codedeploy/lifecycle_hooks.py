"""CodeDeploy's lifecycle hooks in Auto Scaling groups: what launches and terminations wait for.

https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup

from region.api.server import ControlPlane
from region.services.autoscaling.lifecycle import Decision
from region.services.codedeploy import deployments, managed_hooks, periods
from region.services.codedeploy.records import (
    AUTOSCALING,
    TERMINATION,
    DeploymentGroupRecord,
    ServiceRecord,
)

WORST_FIRST: tuple[Decision, ...] = ("abandon", "expire", "wait")


def launch_decision(plane: ControlPlane, scaling_group: str, instance_id: str) -> Decision:
    """Return whether a new instance may go into service.

    Starts, once per instance, a deployment of the last successful revision.
    """
    with plane.lock:
        backend = plane.backend("codedeploy")
        decisions = [
            _launch(plane, backend, group, instance_id)
            for group in _groups_of(backend, scaling_group)
        ]
        if managed_hooks.orphaned(backend, scaling_group):
            decisions.append(_orphan(plane, backend, instance_id))
    for decision in WORST_FIRST:
        if decision in decisions:
            return decision
    return "continue"


def termination_decision(plane: ControlPlane, scaling_group: str, instance_id: str) -> Decision:
    """Return whether an instance may be terminated.

    Starts, once per instance that has a revision, a deployment that stops the application. The
    instance is terminated however that ends.
    """
    with plane.lock:
        backend = plane.backend("codedeploy")
        stopping = [
            _stops(plane, backend, group, instance_id)
            for group in _groups_of(backend, scaling_group)
            if group.termination_hook_enabled
        ]
    return "wait" if any(stopping) else "continue"


def _groups_of(backend: CodeDeployBackend, scaling_group: str) -> Iterator[DeploymentGroup]:
    for groups in backend.deployment_groups.values():
        for group in groups.values():
            if scaling_group in group.auto_scaling_groups:
                yield group


def _launch(
    plane: ControlPlane, backend: CodeDeployBackend, group: DeploymentGroup, instance_id: str
) -> Decision:
    record = DeploymentGroupRecord.of(group)
    if record.last_successful is None:
        return "continue"
    deployment = backend.deployments.get(record.launches.get(instance_id, ""))
    if deployment is None:
        source = backend.deployments[record.last_successful.deployment_id]
        deployment = deployments.create_follow_up(
            backend, source, AUTOSCALING, only_instances=[instance_id]
        )
        record.launches[instance_id] = deployment.deployment_id
        plane.notify()
    if deployment.status in deployments.ACTIVE:
        return "wait"
    return "continue" if deployment.status == "Succeeded" else "abandon"


def _orphan(plane: ControlPlane, backend: CodeDeployBackend, instance_id: str) -> Decision:
    """Wait for a hook that is never completed, and abandon the launch when its heartbeat times out."""
    waiting = ServiceRecord.of(backend).orphans
    began = waiting.setdefault(instance_id, time.time())
    if time.time() - began < plane.config.seconds(periods.HOOK):
        return "wait"
    waiting.pop(instance_id)
    return "expire"


def _stops(
    plane: ControlPlane, backend: CodeDeployBackend, group: DeploymentGroup, instance_id: str
) -> bool:
    """Return whether the instance is still stopping its application.

    The group forgets the instance when that has ended.
    """
    record = DeploymentGroupRecord.of(group)
    source = backend.deployments.get(record.deployed.get(instance_id, ""))
    if source is None:
        return False
    deployment = backend.deployments.get(record.terminations.get(instance_id, ""))
    if deployment is None:
        deployment = deployments.create_follow_up(
            backend, source, TERMINATION, only_instances=[instance_id]
        )
        record.terminations[instance_id] = deployment.deployment_id
        plane.notify()
    return deployment.status in deployments.ACTIVE
