"""What follows from the end of a deployment: rollbacks, and updates of outdated instances.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
Call with the control plane's lock held.
"""

from __future__ import annotations

from collections.abc import Iterable

from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup, DeploymentInfo

from region.api.server import ControlPlane
from region.services.codedeploy import deployments, membership
from region.services.codedeploy.records import (
    AUTO_UPDATE,
    AUTOSCALING,
    TERMINATION,
    USER,
    DeploymentGroupRecord,
    DeploymentRecord,
)

ON_FAILURE, ON_ALARM = "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"
ON_REQUEST = "DEPLOYMENT_STOP_ON_REQUEST"
UPDATE_OUTDATED = "UPDATE"


def create_follow_ups(plane: ControlPlane, deployment: DeploymentInfo) -> None:
    """Create the deployments that CodeDeploy starts by itself after `deployment` has ended."""
    group = deployment.deployment_group
    if deployment.creator == TERMINATION:
        return
    if deployment.creator == AUTOSCALING:
        _catch_up(plane, deployment)
    elif deployment.status == "Succeeded":
        outdated = membership.outdated(plane, group, deployment)
        _update_outdated(plane.backend("codedeploy"), deployment, outdated)
    elif _wants_rollback(deployment):
        _roll_back(plane.backend("codedeploy"), deployment)


def _catch_up(plane: ControlPlane, launch: DeploymentInfo) -> None:
    """Deploy the newer revision that became the last successful one during a launch."""
    backend = plane.backend("codedeploy")
    last = DeploymentGroupRecord.of(launch.deployment_group).last_successful
    newest = backend.deployments.get(last.deployment_id) if last else None
    if launch.status == "Succeeded" and newest and newest.revision != launch.revision:
        _update_outdated(backend, newest, DeploymentRecord.of(launch).targets)


def _update_outdated(
    backend: CodeDeployBackend, source: DeploymentInfo, instances: Iterable[str]
) -> None:
    """Deploy to instances that were launched with an older revision while `source` ran."""
    group = source.deployment_group
    names = list(instances)
    strategy = group.outdated_instances_strategy or UPDATE_OUTDATED
    if names and strategy == UPDATE_OUTDATED and _exists(backend, group):
        deployments.create_follow_up(backend, source, AUTO_UPDATE, only_instances=names)


def _roll_back(backend: CodeDeployBackend, failed: DeploymentInfo) -> None:
    group = failed.deployment_group
    if not _exists(backend, group):
        return
    last = DeploymentGroupRecord.of(group).last_successful
    source = backend.deployments.get(last.deployment_id) if last else None
    if source is None:
        deployments.record_missing_rollback_target(failed)
    else:
        deployments.create_rollback(backend, failed, source)


def _wants_rollback(deployment: DeploymentInfo) -> bool:
    if deployment.creator != USER:
        return False
    record = DeploymentRecord.of(deployment)
    on_alarm = record.active_alarms or record.alarms_unread
    if deployment.status == "Stopped" and not on_alarm:
        return record.rollback_on_stop
    return rolls_back_on(deployment, ON_ALARM if on_alarm else ON_FAILURE)


def rolls_back_on(deployment: DeploymentInfo, event: str) -> bool:
    """Return whether an event causes an automatic rollback of the deployment."""
    settings = (
        deployment.auto_rollback_configuration
        or deployment.deployment_group.auto_rollback_configuration
        or {}
    )
    return bool(settings.get("enabled")) and event in (settings.get("events") or [])


def _exists(backend: CodeDeployBackend, group: DeploymentGroup) -> bool:
    groups = backend.deployment_groups.get(group.application.application_name, {})
    return groups.get(group.deployment_group_name) is group
