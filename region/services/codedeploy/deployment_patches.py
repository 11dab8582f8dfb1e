"""CodeDeploy's calls for deployments. `region.services.codedeploy.controller` carries them out."""

from __future__ import annotations

import secrets
import string
from typing import Any

from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.patching import Original, Patches
from region.services.codedeploy import deployments, revision_patches
from region.services.codedeploy.deployment_configs import config_of
from region.services.codedeploy.group_patches import DEFAULT_STYLE, check_options
from region.services.codedeploy.records import Backend, Deployment, DeploymentState
from region.services.codedeploy.requests import backend_of, deployment_of, flag, parameter
from region.services.codedeploy.shapes import Revision

ID_LENGTH = 9
ID_ALPHABET = string.ascii_uppercase + string.digits

patches = Patches()


@patches.around(DeploymentInfo, "__init__")
def init_deployment(moto: Original, deployment: Deployment, *args: Any, **kwargs: Any) -> None:
    """Give a deployment an id like AWS's, and add what the region keeps of it."""
    moto(deployment, *args, **kwargs)
    code = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
    deployment.deployment_id = f"d-{code}"
    group = deployment.deployment_group
    deployment.state = DeploymentState(
        previous_revision=group.history.target_revision,
        processes_to_suspend=deployments.processes_in(group.ec2_deployment_options),
    )


@patches.around(CodeDeployBackend, "create_deployment")
def create(
    moto: Original,
    backend: Backend,
    application_name: str,
    deployment_group_name: str,
    revision: Revision | None = None,
    **options: Any,
) -> str:
    """Create a deployment unless AWS would reject it."""
    backend.get_application(application_name)
    if deployment_group_name:
        group = backend.get_deployment_group(application_name, deployment_group_name)
        revision_patches.check_revision(revision)
        if options.get("deployment_config_name"):
            config_of(backend, options["deployment_config_name"])
        deployments.require_idle(backend, group)
    identifier = moto(backend, application_name, deployment_group_name, revision, **options)
    deployment = backend.deployments[identifier]
    revision_patches.note_use(
        backend, application_name, deployment.revision, deployment.create_time
    )
    return identifier


@patches.around(CodeDeployResponse, "create_deployment")
def create_deployment(moto: Original, call: CodeDeployResponse) -> ActionResult:
    """CreateDeployment: moto's call with the options that it does not know."""
    backend = backend_of(call)
    options = parameter(call, "ec2DeploymentOptions")
    if options is not None:
        name = parameter(call, "deploymentGroupName")
        group = backend.get_deployment_group(parameter(call, "applicationName"), name)
        check_options(options, group.auto_scaling_groups)
    answer = moto(call)
    if options is not None:
        created: Any = answer.result
        deployment = backend.deployments[created["deploymentId"]]
        deployments.set_processes_to_suspend(deployment, options)
    return answer


@patches.method(CodeDeployResponse)
def stop_deployment(call: CodeDeployResponse) -> ActionResult:
    """StopDeployment."""
    deployment = deployment_of(call)
    if deployment.status not in deployments.ACTIVE:
        raise CodeDeployException(
            "DeploymentAlreadyCompletedException",
            f"The deployment {deployment.deployment_id} is already completed.",
        )
    deployments.request_stop(deployment, roll_back=flag(call, "autoRollbackEnabled"))
    return ActionResult({"status": "Pending", "statusMessage": "The deployment is being stopped."})


@patches.method(CodeDeployResponse)
def continue_deployment(call: CodeDeployResponse) -> EmptyResult:
    """ContinueDeployment."""
    deployment_of(call)
    raise CodeDeployException(
        "UnsupportedActionForDeploymentTypeException",
        "Only blue/green deployments can be continued.",
    )


@patches.around(responses, "_deployment_info")
def describe_deployment(moto: Original, deployment: Deployment) -> dict[str, Any]:
    """Describe a deployment with what moto leaves empty."""
    group, state = deployment.deployment_group, deployment.state
    described = moto(deployment) | {
        "errorInformation": state.error,
        "rollbackInfo": state.rollback,
        "previousRevision": state.previous_revision,
        "autoRollbackConfiguration": (
            deployment.auto_rollback_configuration or group.auto_rollback_configuration or None
        ),
        "overrideAlarmConfiguration": deployment.override_alarm_configuration,
        "deploymentStyle": group.deployment_style or DEFAULT_STYLE,
    }
    if state.processes_to_suspend:
        described["ec2DeploymentOptions"] = {
            "autoScalingGroupProcessesToSuspend": state.processes_to_suspend
        }
    return {name: value for name, value in described.items() if value is not None}
