"""The life of a deployment: every change of its record, from its creation to its end.

API calls, controller and targets go through this module; nothing else writes to a deployment's
record or to its group's history. Call with the control plane's lock held and announce the change
afterwards (`ControlPlane.notify`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend
from moto.core.utils import utcnow

from region.api.patching import original
from region.machines.codedeploy_agent.messages import EventResult
from region.services.codedeploy.records import (
    BY_AUTOSCALING,
    ROLLBACK,
    TERMINATION,
    Backend,
    Creator,
    Deployment,
    DeploymentGroup,
    LifecycleEvent,
    Target,
)
from region.services.codedeploy.shapes import (
    DeploymentOptions,
    DeploymentStatus,
    DeploymentSummary,
    ErrorInformation,
    TargetStatus,
)

ACTIVE: frozenset[DeploymentStatus] = frozenset({"Created", "Queued", "InProgress"})
TARGET_STATUSES: tuple[TargetStatus, ...] = get_args(TargetStatus)
_UNFINISHED = frozenset({"Pending", "InProgress"})


# Creation ------------------------------------------------------------------------------------


def active_deployment(backend: Backend, group: DeploymentGroup) -> Deployment | None:
    """Return the group's running deployment, those of Auto Scaling aside."""
    return next(
        (
            deployment
            for deployment in backend.deployments.values()
            if deployment.deployment_group is group
            and deployment.status in ACTIVE
            and deployment.creator not in BY_AUTOSCALING
        ),
        None,
    )


def require_idle(backend: Backend, group: DeploymentGroup) -> None:
    """Raise AWS's error if the group has a running deployment."""
    running = active_deployment(backend, group)
    if running is not None:
        raise CodeDeployException(
            "DeploymentLimitExceededException",
            f"The Deployment Group '{group.deployment_group_name}' already has an active "
            f"Deployment '{running.deployment_id}'",
        )


def create_follow_up(
    backend: Backend,
    source: Deployment,
    creator: Creator,
    *,
    only_instances: Iterable[str] | None = None,
) -> Deployment:
    """Create a deployment of `source`'s revision to its group on CodeDeploy's own account."""
    group = source.deployment_group
    identifier = original(CodeDeployBackend, "create_deployment")(
        backend,
        group.application.application_name,
        group.deployment_group_name,
        source.revision,
        deployment_config_name=str(group.deployment_config_name),
        file_exists_behavior="OVERWRITE" if creator == ROLLBACK else source.file_exists_behavior,
        ignore_application_stop_failures=source.ignore_application_stop_failures,
    )
    deployment = backend.deployments[identifier]
    deployment.creator = creator
    if only_instances is not None:
        deployment.state.only_instances = list(only_instances)
    return deployment


def create_rollback(backend: Backend, failed: Deployment, source: Deployment) -> Deployment:
    """Create the deployment of `source`'s revision that rolls `failed` back, and link the two."""
    rollback = create_follow_up(backend, source, ROLLBACK)
    rollback.ignore_application_stop_failures = True
    rollback.state.rollback = {
        "rollbackTriggeringDeploymentId": failed.deployment_id,
        "rollbackMessage": f"Rolling back deployment {failed.deployment_id}.",
    }
    failed.state.rollback = {
        "rollbackDeploymentId": rollback.deployment_id,
        "rollbackMessage": f"Deployment {rollback.deployment_id} is rolling this one back.",
    }
    return rollback


def set_processes_to_suspend(deployment: Deployment, options: DeploymentOptions) -> None:
    """Replace the Auto Scaling processes that the group's options suspend by these."""
    deployment.state.processes_to_suspend = processes_in(options)


def processes_in(options: DeploymentOptions | None) -> list[str]:
    """Return the Auto Scaling processes that options of a group or deployment suspend."""
    return list((options or {}).get("autoScalingGroupProcessesToSuspend") or [])


def note_nothing_to_roll_back_to(deployment: Deployment) -> None:
    """Record why a deployment that should be rolled back is not."""
    deployment.state.rollback = {
        "rollbackMessage": "No earlier successful deployment to roll back to was found."
    }


# Progress ------------------------------------------------------------------------------------


def queue(deployment: Deployment) -> None:
    """Take a created deployment over for execution."""
    deployment.status = "Queued"


def begin(deployment: Deployment) -> None:
    """Start a queued deployment."""
    deployment.status, deployment.start_time = "InProgress", utcnow()


def set_targets(deployment: Deployment, events: Mapping[str, Iterable[str]]) -> None:
    """Give a deployment its targets: for each instance id the lifecycle events to run."""
    deployment.state.targets = {
        instance_id: Target([LifecycleEvent(name) for name in names])
        for instance_id, names in events.items()
    }
    _count_targets(deployment)


def request_stop(deployment: Deployment, *, roll_back: bool) -> None:
    """Ask for a deployment's end as a user; it comes after the lifecycle events that are running."""
    deployment.state.stop_requested = True
    deployment.state.rollback_on_stop = roll_back


def stop_on_alarms(deployment: Deployment, names: list[str]) -> None:
    """Ask for a deployment's end because these alarms are active."""
    deployment.state.active_alarms = names
    deployment.state.stop_requested = True


def note_suspended(deployment: Deployment, scaling_group: str, processes: list[str]) -> None:
    """Remember what the deployment suspended in an Auto Scaling group."""
    deployment.state.suspended[scaling_group] = processes


def take_suspended(deployment: Deployment, scaling_group: str) -> frozenset[str]:
    """Return what the deployment suspended in an Auto Scaling group, and forget it."""
    return frozenset(deployment.state.suspended.pop(scaling_group, ()))


def finish(
    deployment: Deployment, status: DeploymentStatus, error: ErrorInformation | None = None
) -> None:
    """End a deployment: targets that have not ended are skipped, and its group remembers it."""
    for target in deployment.state.targets.values():
        if target.status in _UNFINISHED:
            target.status, target.updated = "Skipped", utcnow()
            _skip_unfinished_events(target)
    deployment.status, deployment.complete_time = status, utcnow()
    if error is not None:
        deployment.state.error = error
    _count_targets(deployment)
    _record_in_history(deployment)


# Targets -------------------------------------------------------------------------------------


def start_target(deployment: Deployment, instance_id: str) -> None:
    """Begin to deploy to an instance."""
    _set_status(deployment, instance_id, "InProgress")


def end_target(deployment: Deployment, instance_id: str, status: TargetStatus) -> None:
    """End the deployment to an instance; events that were not reached are skipped."""
    _skip_unfinished_events(deployment.state.targets[instance_id])
    _set_status(deployment, instance_id, status)


def begin_event(deployment: Deployment, instance_id: str, name: str) -> None:
    """Record that a lifecycle event has started."""
    target = deployment.state.targets[instance_id]
    event = target.event(name)
    event.status = "InProgress"
    event.started = target.updated = utcnow()


def end_event(deployment: Deployment, instance_id: str, name: str, result: EventResult) -> None:
    """Record how a lifecycle event ended."""
    target = deployment.state.targets[instance_id]
    event = target.event(name)
    # An event without scripts has nothing to do, and has done it.
    event.status = "Succeeded" if result.status == "Skipped" else result.status
    event.ended = target.updated = utcnow()
    event.diagnostics = {
        "errorCode": result.error_code,
        "scriptName": result.script,
        "message": result.message or event.status,
        "logTail": result.log_tail,
    }


def _set_status(deployment: Deployment, instance_id: str, status: TargetStatus) -> None:
    target = deployment.state.targets[instance_id]
    target.status, target.updated = status, utcnow()
    _count_targets(deployment)


def _skip_unfinished_events(target: Target) -> None:
    for event in target.events:
        if event.status in _UNFINISHED:
            event.status = "Skipped"


def _count_targets(deployment: Deployment) -> None:
    states = [target.status for target in deployment.state.targets.values()]
    deployment.deployment_overview = {status: states.count(status) for status in TARGET_STATUSES}


# The group's history -------------------------------------------------------------------------


def _record_in_history(deployment: Deployment) -> None:
    history = deployment.deployment_group.history
    if deployment.creator == TERMINATION:
        _forget_instances(deployment)
        return
    for instance_id, target in deployment.state.targets.items():
        if target.status == "Succeeded":
            history.deployed[instance_id] = deployment.deployment_id
            history.failed_instances.discard(instance_id)
        elif target.status == "Failed":
            history.failed_instances.add(instance_id)
    if deployment.creator in BY_AUTOSCALING:
        return
    history.last_attempted = _summary(deployment)
    if deployment.status == "Succeeded":
        history.last_successful = _summary(deployment)
        history.target_revision = deployment.revision


def _forget_instances(termination: Deployment) -> None:
    group = termination.deployment_group
    for instance_id in termination.state.targets:
        group.history.deployed.pop(instance_id, None)
        group.history.failed_instances.discard(instance_id)
        group.hooks.forget(instance_id)


def _summary(deployment: Deployment) -> DeploymentSummary:
    return {
        "deploymentId": deployment.deployment_id,
        "status": deployment.status,
        "createTime": deployment.create_time,
        "endTime": deployment.complete_time,
    }
