"""CodeDeploy's calls for the targets of a deployment, and the older ones for its instances."""

from __future__ import annotations

from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.codedeploy.parameter_checks import deployment_of
from region.services.codedeploy.records import DeploymentRecord, Diagnostics, LifecycleEvent

patches = Patches()


@patches.method(CodeDeployResponse)
def list_deployment_targets(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentTargets."""
    statuses = Parameters(call).structure("targetFilters").get("TargetStatus")
    return ActionResult({"targetIds": _instances(deployment_of(call), statuses)})


@patches.method(CodeDeployResponse)
def batch_get_deployment_targets(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentTargets."""
    deployment = deployment_of(call)
    names = Parameters(call).texts("targetIds") or list(DeploymentRecord.of(deployment).targets)
    return ActionResult({"deploymentTargets": [_describe(deployment, name) for name in names]})


@patches.method(CodeDeployResponse)
def get_deployment_target(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentTarget."""
    described = _describe(deployment_of(call), Parameters(call).text("targetId"))
    return ActionResult({"deploymentTarget": described})


@patches.method(CodeDeployResponse)
def list_deployment_instances(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentInstances."""
    statuses = Parameters(call).texts("instanceStatusFilter")
    return ActionResult({"instancesList": _instances(deployment_of(call), statuses)})


@patches.method(CodeDeployResponse)
def get_deployment_instance(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentInstance."""
    summary = _describe_as_instance(deployment_of(call), Parameters(call).text("instanceId"))
    return ActionResult({"instanceSummary": summary})


@patches.method(CodeDeployResponse)
def batch_get_deployment_instances(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentInstances."""
    deployment = deployment_of(call)
    names = Parameters(call).texts("instanceIds")
    summaries = [_describe_as_instance(deployment, name) for name in names]
    return ActionResult({"instancesSummary": summaries})


def _instances(deployment: DeploymentInfo, statuses: list[str] | None) -> list[str]:
    return [
        instance_id
        for instance_id, target in DeploymentRecord.of(deployment).targets.items()
        if not statuses or target.status in statuses
    ]


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
