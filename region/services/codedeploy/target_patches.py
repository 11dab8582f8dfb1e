"""CodeDeploy's calls for the targets of a deployment, and the older ones for its instances."""

from __future__ import annotations

from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from region.api.patching import Patches
from region.services.codedeploy.records import Deployment, LifecycleEvent
from region.services.codedeploy.requests import deployment_of, parameter

patches = Patches()


@patches.method(CodeDeployResponse)
def list_deployment_targets(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentTargets."""
    statuses = (parameter(call, "targetFilters") or {}).get("TargetStatus")
    return ActionResult({"targetIds": _instances(deployment_of(call), statuses)})


@patches.method(CodeDeployResponse)
def batch_get_deployment_targets(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentTargets."""
    deployment = deployment_of(call)
    names = parameter(call, "targetIds") or list(deployment.state.targets)
    return ActionResult({"deploymentTargets": [_describe(deployment, name) for name in names]})


@patches.method(CodeDeployResponse)
def get_deployment_target(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentTarget."""
    described = _describe(deployment_of(call), parameter(call, "targetId"))
    return ActionResult({"deploymentTarget": described})


@patches.method(CodeDeployResponse)
def list_deployment_instances(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentInstances."""
    statuses = parameter(call, "instanceStatusFilter")
    return ActionResult({"instancesList": _instances(deployment_of(call), statuses)})


@patches.method(CodeDeployResponse)
def get_deployment_instance(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentInstance."""
    summary = _describe_as_instance(deployment_of(call), parameter(call, "instanceId"))
    return ActionResult({"instanceSummary": summary})


@patches.method(CodeDeployResponse)
def batch_get_deployment_instances(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentInstances."""
    deployment = deployment_of(call)
    names = parameter(call, "instanceIds") or []
    summaries = [_describe_as_instance(deployment, name) for name in names]
    return ActionResult({"instancesSummary": summaries})


def _instances(deployment: Deployment, statuses: list[str] | None) -> list[str]:
    return [
        instance_id
        for instance_id, target in deployment.state.targets.items()
        if not statuses or target.status in statuses
    ]


def _describe(deployment: Deployment, instance_id: str) -> dict[str, Any]:
    target = deployment.state.targets.get(instance_id)
    if target is None:
        raise CodeDeployException(
            "DeploymentTargetDoesNotExistException",
            f"The target {instance_id} is not part of deployment {deployment.deployment_id}.",
        )
    return {
        "deploymentTargetType": "InstanceTarget",
        "instanceTarget": {
            "deploymentId": deployment.deployment_id,
            "targetId": instance_id,
            "status": target.status,
            "lastUpdatedAt": target.updated,
            "lifecycleEvents": [_describe_event(event) for event in target.events],
        },
    }


def _describe_as_instance(deployment: Deployment, instance_id: str) -> dict[str, Any]:
    target = dict(_describe(deployment, instance_id)["instanceTarget"])
    return {"instanceId": target.pop("targetId"), **target}


def _describe_event(event: LifecycleEvent) -> dict[str, Any]:
    described = {
        "lifecycleEventName": event.name,
        "status": event.status,
        "startTime": event.started,
        "endTime": event.ended,
        "diagnostics": event.diagnostics,
    }
    return {name: value for name, value in described.items() if value is not None}
