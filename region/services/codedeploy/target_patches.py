"""CodeDeploy's calls for the targets of a deployment, and the older ones for its instances."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, get_args

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.codedeploy import blue_green
from region.services.codedeploy.deployments import TARGET_STATUSES
from region.services.codedeploy.parameter_checks import check_batch, deployment_of
from region.services.codedeploy.records import (
    DeploymentRecord,
    Diagnostics,
    InstanceLabel,
    LifecycleEvent,
)

MOST_AT_ONCE = 25
FILTERS = BY_STATUS, BY_LABEL = ("TargetStatus", "ServerInstanceLabel")
LABELS: tuple[str, ...] = get_args(InstanceLabel)
STATUSES: tuple[str, ...] = (*TARGET_STATUSES, "Unknown")

patches = Patches()


@patches.method(CodeDeployResponse)
def list_deployment_targets(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentTargets."""
    filters: dict[str, list[str]] = Parameters(call).structure("targetFilters")
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise CodeDeployException(
            "InvalidTargetFilterNameException",
            f"{', '.join(unknown)} is not a filter of targets: use {', '.join(FILTERS)}.",
        )
    found = _instances(
        deployment_of(call), filters.get(BY_STATUS) or [], filters.get(BY_LABEL) or []
    )
    return ActionResult({"targetIds": found})


@patches.method(CodeDeployResponse)
def batch_get_deployment_targets(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentTargets."""
    deployment = deployment_of(call)
    names = Parameters(call).texts("targetIds") or list(DeploymentRecord.of(deployment).targets)
    check_batch(names, MOST_AT_ONCE, "DeploymentTargetListSizeExceededException", "targets")
    return ActionResult({"deploymentTargets": [_describe(deployment, name) for name in names]})


@patches.method(CodeDeployResponse)
def get_deployment_target(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentTarget."""
    described = _describe(deployment_of(call), Parameters(call).text("targetId"))
    return ActionResult({"deploymentTarget": described})


@patches.method(CodeDeployResponse)
def list_deployment_instances(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentInstances."""
    given = Parameters(call)
    found = _instances(
        deployment_of(call), given.texts("instanceStatusFilter"), given.texts("instanceTypeFilter")
    )
    return ActionResult({"instancesList": found})


@patches.method(CodeDeployResponse)
def get_deployment_instance(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentInstance."""
    deployment, name = deployment_of(call), Parameters(call).text("instanceId")
    if name not in DeploymentRecord.of(deployment).targets:
        raise CodeDeployException(
            "InstanceDoesNotExistException",
            f"The instance {name} is not part of deployment {deployment.deployment_id}.",
        )
    return ActionResult({"instanceSummary": _describe_as_instance(deployment, name)})


@patches.method(CodeDeployResponse)
def batch_get_deployment_instances(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentInstances."""
    deployment = deployment_of(call)
    names = Parameters(call).texts("instanceIds")
    check_batch(names, MOST_AT_ONCE, what="instances")
    targets = DeploymentRecord.of(deployment).targets
    summaries = [_describe_as_instance(deployment, name) for name in names if name in targets]
    missing = [name for name in names if name not in targets]
    message = f"These instances are not part of it: {', '.join(missing)}" if missing else ""
    return ActionResult({"instancesSummary": summaries, "errorMessage": message})


def _instances(
    deployment: DeploymentInfo, statuses: Collection[str], labels: Collection[str]
) -> list[str]:
    """Return the instances of a deployment that filters leave; an empty one leaves all."""
    _check_filter(statuses, STATUSES, "InvalidInstanceStatusException")
    _check_filter(labels, LABELS, "InvalidInstanceTypeException")
    if labels and not blue_green.is_blue_green(deployment.deployment_group):
        raise CodeDeployException(
            "InvalidDeploymentInstanceTypeException",
            f"{deployment.deployment_id} is in place: only instances of blue/green deployments are "
            f"{' or '.join(LABELS)}.",
        )
    return [
        instance_id
        for instance_id, target in DeploymentRecord.of(deployment).targets.items()
        if (not statuses or target.status in statuses) and (not labels or target.label in labels)
    ]


def _check_filter(values: Collection[str], known: tuple[str, ...], code: str) -> None:
    unknown = [value for value in values if value not in known]
    if unknown:
        raise CodeDeployException(code, f"{', '.join(unknown)}: use {', '.join(known)}.")


def _describe(deployment: DeploymentInfo, instance_id: str) -> dict[str, Any]:
    target = DeploymentRecord.of(deployment).targets.get(instance_id)
    if target is None:
        raise CodeDeployException(
            "DeploymentTargetDoesNotExistException",
            f"The target {instance_id} is not part of deployment {deployment.deployment_id}.",
        )
    described: dict[str, Any] = {
        "deploymentId": deployment.deployment_id,
        "targetId": instance_id,
        "status": target.status,
        "lastUpdatedAt": target.updated,
        "lifecycleEvents": [_describe_event(event) for event in target.events],
    }
    if target.label is not None:
        described["instanceLabel"] = target.label
    return {"deploymentTargetType": "InstanceTarget", "instanceTarget": described}


def _describe_as_instance(deployment: DeploymentInfo, instance_id: str) -> dict[str, Any]:
    target = dict(_describe(deployment, instance_id)["instanceTarget"])
    label = target.pop("instanceLabel", None)
    kind = {} if label is None else {"instanceType": label}
    return {"instanceId": target.pop("targetId"), **target, **kind}


def _describe_event(event: LifecycleEvent) -> dict[str, Any]:
    described = {
        "lifecycleEventName": event.name,
        "status": event.status,
        "startTime": event.started,
        "endTime": event.ended,
        "diagnostics": _describe_diagnostics(event.diagnostics),
    }
    return {name: value for name, value in described.items() if value is not None}


def _describe_diagnostics(diagnostics: Diagnostics | None) -> dict[str, str] | None:
    if diagnostics is None:
        return None
    return {
        "errorCode": diagnostics.error_code,
        "scriptName": diagnostics.script_name,
        "message": diagnostics.message,
        "logTail": diagnostics.log_tail,
    }
