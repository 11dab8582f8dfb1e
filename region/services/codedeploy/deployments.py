"""The life of a deployment: every change of its record, from its creation to its end.

API calls, controller and targets go through this module; nothing else writes to a deployment's
record or to its group's history. Call with the control plane's lock held and announce the change
afterwards (`ControlPlane.notify`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup, DeploymentInfo
from moto.core.utils import utcnow

from region.api.patching import original
from region.machines.codedeploy_agent.messages import EventResult
from region.services.codedeploy.records import (
    BY_AUTOSCALING,
    ROLLBACK,
    TERMINATION,
    Creator,
    DeploymentGroupRecord,
    DeploymentRecord,
    DeploymentStatus,
    DeploymentSummary,
    Diagnostics,
    ErrorInformation,
    InstanceLabel,
    LifecycleEvent,
    RollbackInfo,
    Target,
    TargetStatus,
)

ACTIVE: frozenset[str] = frozenset({"Created", "Queued", "InProgress", "Ready"})
TARGET_STATUSES: tuple[TargetStatus, ...] = get_args(TargetStatus)
_UNFINISHED = frozenset({"Pending", "InProgress", "Ready"})


# Creation ------------------------------------------------------------------------------------


def active_deployment(backend: CodeDeployBackend, group: DeploymentGroup) -> DeploymentInfo | None:
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


def require_idle(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Raise AWS's error if the group has a running deployment."""
    running = active_deployment(backend, group)
    if running is not None:
        raise CodeDeployException(
            "DeploymentLimitExceededException",
            f"The Deployment Group '{group.deployment_group_name}' already has an active "
            f"Deployment '{running.deployment_id}'",
        )


def create_follow_up(
    backend: CodeDeployBackend,
    source: DeploymentInfo,
    creator: Creator,
    *,
    only_instances: Iterable[str] | None = None,
) -> DeploymentInfo:
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
        DeploymentRecord.of(deployment).only_instances = list(only_instances)
    return deployment


def create_rollback(
    backend: CodeDeployBackend, failed: DeploymentInfo, source: DeploymentInfo
) -> DeploymentInfo:
    """Create the deployment of `source`'s revision that rolls `failed` back, and link the two."""
    rollback = create_follow_up(backend, source, ROLLBACK)
    rollback.ignore_application_stop_failures = True
    DeploymentRecord.of(rollback).rollback = RollbackInfo(
        f"Rolling back deployment {failed.deployment_id}.", triggered_by=failed.deployment_id
    )
    DeploymentRecord.of(failed).rollback = RollbackInfo(
        f"Deployment {rollback.deployment_id} is rolling this one back.",
        rollback=rollback.deployment_id,
    )
    return rollback


def record_missing_rollback_target(deployment: DeploymentInfo) -> None:
    """Record why a deployment that should be rolled back is not."""
    DeploymentRecord.of(deployment).rollback = RollbackInfo(
        "No earlier successful deployment to roll back to was found."
    )


def override_processes_to_suspend(deployment: DeploymentInfo, processes: list[str]) -> None:
    """Suspend these Auto Scaling processes instead of the group's while the deployment runs."""
    DeploymentRecord.of(deployment).processes_to_suspend = processes


# Progress ------------------------------------------------------------------------------------


def queue(deployment: DeploymentInfo) -> None:
    """Take a created deployment over for execution."""
    deployment.status = "Queued"


def begin(deployment: DeploymentInfo) -> None:
    """Start a queued deployment, from now on the one that its group attempted last."""
    deployment.status, deployment.start_time = "InProgress", utcnow()
    if deployment.creator not in BY_AUTOSCALING:
        group = DeploymentGroupRecord.of(deployment.deployment_group)
        group.last_attempted = _summary(deployment)


def set_targets(
    deployment: DeploymentInfo,
    events: Mapping[str, Iterable[str]],
    labels: Mapping[str, InstanceLabel] | None = None,
) -> None:
    """Give a deployment its targets: for each instance id the lifecycle events to run.

    `labels` tell those of a blue/green deployment apart.
    """
    DeploymentRecord.of(deployment).targets = {
        instance_id: Target(
            [LifecycleEvent(name) for name in names], label=(labels or {}).get(instance_id)
        )
        for instance_id, names in events.items()
    }
    _count_targets(deployment)


def await_traffic(deployment: DeploymentInfo) -> None:
    """Let a blue/green deployment wait for its traffic to be rerouted."""
    deployment.status = "Ready"


def await_termination(deployment: DeploymentInfo) -> None:
    """Let a blue/green deployment wait for the end of its original instances."""
    DeploymentRecord.of(deployment).termination_wait = True


def go_on(deployment: DeploymentInfo) -> None:
    """End whichever wait a blue/green deployment is in."""
    deployment.status = "InProgress"
    DeploymentRecord.of(deployment).termination_wait = False


def request_continuation(deployment: DeploymentInfo) -> None:
    """Record a user's request to end the wait that the deployment is in."""
    DeploymentRecord.of(deployment).continue_requested = True


def take_continuation(deployment: DeploymentInfo) -> bool:
    """Return whether a user asked to go on, and forget it."""
    record = DeploymentRecord.of(deployment)
    asked, record.continue_requested = record.continue_requested, False
    return asked


def request_stop(deployment: DeploymentInfo, *, roll_back: bool) -> None:
    """Record a user's request to stop; the deployment stops after the running lifecycle events."""
    record = DeploymentRecord.of(deployment)
    record.stop_requested = True
    record.rollback_on_stop = record.rollback_on_stop or roll_back


def stop_active(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Stop whatever is being deployed to a group that is deleted; nothing is rolled back."""
    for deployment in backend.deployments.values():
        if deployment.deployment_group is group and deployment.status in ACTIVE:
            request_stop(deployment, roll_back=False)


def stop_on_alarms(deployment: DeploymentInfo, names: list[str]) -> None:
    """Ask for a deployment's end because these alarms are active."""
    record = DeploymentRecord.of(deployment)
    record.stop_requested, record.active_alarms = True, names


def stop_without_alarms(deployment: DeploymentInfo) -> None:
    """Ask for a deployment's end because its alarms cannot be read."""
    record = DeploymentRecord.of(deployment)
    record.stop_requested = record.alarms_unread = True


def note_suspended(deployment: DeploymentInfo, scaling_group: str, processes: list[str]) -> None:
    """Remember what the deployment suspended in an Auto Scaling group."""
    DeploymentRecord.of(deployment).suspended[scaling_group] = processes


def take_suspended(deployment: DeploymentInfo, scaling_group: str) -> frozenset[str]:
    """Return what the deployment suspended in an Auto Scaling group, and forget it."""
    return frozenset(DeploymentRecord.of(deployment).suspended.pop(scaling_group, ()))


def finish(
    deployment: DeploymentInfo, status: DeploymentStatus, error: ErrorInformation | None = None
) -> None:
    """End a deployment: targets that have not ended are skipped, and its group remembers it."""
    for target in DeploymentRecord.of(deployment).targets.values():
        if target.status in _UNFINISHED:
            target.status, target.updated = "Skipped", utcnow()
            _skip_unfinished_events(target)
    deployment.status, deployment.complete_time = status, utcnow()
    if error is not None:
        DeploymentRecord.of(deployment).error = error
    _count_targets(deployment)
    _record_in_history(deployment)


# Targets -------------------------------------------------------------------------------------


def start_target(deployment: DeploymentInfo, instance_id: str) -> None:
    """Begin to deploy to an instance."""
    _set_status(deployment, instance_id, "InProgress")


def end_target(deployment: DeploymentInfo, instance_id: str, status: TargetStatus) -> None:
    """End the deployment to an instance, or its first part if it is then `Ready`.

    At its end, events that were not reached are skipped.
    """
    if status != "Ready":
        _skip_unfinished_events(DeploymentRecord.of(deployment).targets[instance_id])
    _set_status(deployment, instance_id, status)


def begin_event(deployment: DeploymentInfo, instance_id: str, name: str) -> None:
    """Record that a lifecycle event has started."""
    target = DeploymentRecord.of(deployment).targets[instance_id]
    event = target.event(name)
    event.status = "InProgress"
    event.started = target.updated = utcnow()


def end_event(deployment: DeploymentInfo, instance_id: str, name: str, result: EventResult) -> None:
    """Record how a lifecycle event ended."""
    target = DeploymentRecord.of(deployment).targets[instance_id]
    event = target.event(name)
    # An event without scripts has nothing to do, and has done it.
    event.status = "Succeeded" if result.status == "Skipped" else result.status
    event.ended = target.updated = utcnow()
    event.diagnostics = Diagnostics(
        error_code=result.error_code,
        script_name=result.script,
        message=result.message or event.status,
        log_tail=result.log_tail,
    )


def _set_status(deployment: DeploymentInfo, instance_id: str, status: TargetStatus) -> None:
    target = DeploymentRecord.of(deployment).targets[instance_id]
    target.status, target.updated = status, utcnow()
    _count_targets(deployment)


def _skip_unfinished_events(target: Target) -> None:
    for event in target.events:
        if event.status in _UNFINISHED:
            event.status = "Skipped"


def _count_targets(deployment: DeploymentInfo) -> None:
    states = [target.status for target in DeploymentRecord.of(deployment).targets.values()]
    deployment.deployment_overview = {status: states.count(status) for status in TARGET_STATUSES}


# The group's history -------------------------------------------------------------------------


def _record_in_history(deployment: DeploymentInfo) -> None:
    group = DeploymentGroupRecord.of(deployment.deployment_group)
    for instance_id, target in DeploymentRecord.of(deployment).targets.items():
        if deployment.creator == TERMINATION:
            group.forget(instance_id)
        elif target.status == "Succeeded":
            group.deployed[instance_id] = deployment.deployment_id
            group.failed_instances.discard(instance_id)
        elif target.status == "Failed":
            group.failed_instances.add(instance_id)
    if deployment.creator in BY_AUTOSCALING:
        return
    group.last_attempted = _summary(deployment)
    if deployment.status == "Succeeded":
        group.last_successful = _summary(deployment)
        group.target_revision = deployment.revision


def _summary(deployment: DeploymentInfo) -> DeploymentSummary:
    return DeploymentSummary(
        deployment.deployment_id,
        deployment.status,
        deployment.create_time,
        deployment.complete_time,
    )
