"""CodeDeploy's calls for deployments. `region.services.codedeploy.controller` carries them out."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.codedeploy import (
    blue_green,
    deployment_lists,
    deployments,
    follow_ups,
    revision_patches,
)
from region.services.codedeploy.deployment_checks import check_options, target_instances
from region.services.codedeploy.deployment_configs import config_of
from region.services.codedeploy.group_checks import check_processes
from region.services.codedeploy.group_patches import (
    DEFAULT_STYLE,
    describe_options,
    processes_in,
)
from region.services.codedeploy.parameter_checks import (
    check_batch,
    check_deployment_id,
    deployment_of,
)
from region.services.codedeploy.records import (
    DeploymentGroupRecord,
    DeploymentRecord,
    Revision,
    RollbackInfo,
)

RESTART = "RESTART"
READY_WAIT, TERMINATION_WAIT = "READY_WAIT", "TERMINATION_WAIT"
MOST_AT_ONCE = 25
ID_LENGTH = 9
ID_ALPHABET = string.ascii_uppercase + string.digits

patches = Patches()


@patches.around(DeploymentInfo, "__init__")
def _new_deployment(
    moto: Original, deployment: DeploymentInfo, *args: object, **kwargs: object
) -> None:
    """Create a deployment with an id like AWS's."""
    moto(deployment, *args, **kwargs)
    code = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
    deployment.deployment_id = f"d-{code}"
    group = DeploymentGroupRecord.of(deployment.deployment_group)
    DeploymentRecord(
        previous_revision=group.target_revision,
        processes_to_suspend=list(group.processes_to_suspend or []),
    ).attach(deployment)


@patches.around(CodeDeployBackend, "create_deployment")
def _create_deployment(
    moto: Original,
    backend: CodeDeployBackend,
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
    backend, given = call.codedeploy_backend, Parameters(call)
    backend.get_application(given.text("applicationName"))
    if not given.text("deploymentGroupName"):
        raise CodeDeployException(
            "DeploymentGroupNameRequiredException", "The deployment group name was not specified."
        )
    group = backend.get_deployment_group(
        given.text("applicationName"), given.text("deploymentGroupName")
    )
    check_options(given)
    options = given.get("ec2DeploymentOptions")
    if options is not None:
        check_processes(processes_in(options), group.auto_scaling_groups)
    if given.text("deploymentMode") == RESTART:
        return ActionResult({"deploymentId": _restart(call)})
    green = target_instances(given, group)
    answer = moto(call)
    created: Any = answer.result
    deployment = backend.deployments[created["deploymentId"]]
    DeploymentRecord.of(deployment).green = green
    if options is not None:
        deployments.override_processes_to_suspend(deployment, processes_in(options) or [])
    return answer


def _restart(call: CodeDeployResponse) -> str:
    """Create a deployment that starts the last successful revision anew; return its id."""
    backend, given = call.codedeploy_backend, Parameters(call)
    if given.get("revision"):
        raise CodeDeployException(
            "InvalidInputException",
            f"revision must not be specified with deploymentMode {RESTART}: it is that of the "
            "deployment group's last successful deployment.",
        )
    if given.flag("updateOutdatedInstancesOnly"):
        raise CodeDeployException(
            "InvalidUpdateOutdatedInstancesOnlyValueException",
            f"updateOutdatedInstancesOnly must not be true with deploymentMode {RESTART}.",
        )
    group = backend.get_deployment_group(
        given.text("applicationName"), given.text("deploymentGroupName")
    )
    last = DeploymentGroupRecord.of(group).last_successful
    if last is None:
        raise CodeDeployException(
            "RevisionDoesNotExistException",
            "The deployment group has no successful deployment whose revision could be restarted.",
        )
    identifier = backend.create_deployment(
        given.text("applicationName"),
        group.deployment_group_name,
        backend.deployments[last.deployment_id].revision,
        deployment_config_name=given.get("deploymentConfigName"),
        description=given.get("description"),
        ignore_application_stop_failures=given.get("ignoreApplicationStopFailures"),
        auto_rollback_configuration=given.get("autoRollbackConfiguration"),
        override_alarm_configuration=given.get("overrideAlarmConfiguration"),
    )
    DeploymentRecord.of(backend.deployments[identifier]).restart = True
    options = given.get("ec2DeploymentOptions")
    if options is not None:
        processes = processes_in(options) or []
        deployments.override_processes_to_suspend(backend.deployments[identifier], processes)
    return identifier


@patches.method(CodeDeployResponse)
def stop_deployment(call: CodeDeployResponse) -> ActionResult:
    """StopDeployment."""
    deployment = deployment_of(call)
    if deployment.status not in deployments.ACTIVE:
        raise CodeDeployException(
            "DeploymentAlreadyCompletedException",
            f"The deployment {deployment.deployment_id} is already completed.",
        )
    asked = Parameters(call).get("autoRollbackEnabled")
    roll_back = (
        follow_ups.rolls_back_on(deployment, follow_ups.ON_REQUEST)
        if asked is None
        else Parameters(call).flag("autoRollbackEnabled")
    )
    deployments.request_stop(deployment, roll_back=roll_back)
    return ActionResult({"status": "Pending", "statusMessage": "The deployment is being stopped."})


@patches.method(CodeDeployResponse)
def continue_deployment(call: CodeDeployResponse) -> EmptyResult:
    """ContinueDeployment: end the wait of a blue/green deployment."""
    return _continue(deployment_of(call), Parameters(call).text("deploymentWaitType") or READY_WAIT)


@patches.method(CodeDeployResponse)
def skip_wait_time_for_instance_termination(call: CodeDeployResponse) -> EmptyResult:
    """SkipWaitTimeForInstanceTermination, the older way to continue from that wait."""
    return _continue(deployment_of(call), TERMINATION_WAIT)


def _continue(deployment: DeploymentInfo, kind: str) -> EmptyResult:
    if not blue_green.is_blue_green(deployment.deployment_group):
        raise CodeDeployException(
            "UnsupportedActionForDeploymentTypeException",
            "Only blue/green deployments can be continued.",
        )
    if deployment.status not in deployments.ACTIVE:
        raise CodeDeployException(
            "DeploymentAlreadyCompletedException",
            f"The deployment {deployment.deployment_id} is already completed.",
        )
    waits = {
        READY_WAIT: deployment.status == "Ready",
        TERMINATION_WAIT: DeploymentRecord.of(deployment).termination_wait,
    }
    if kind not in waits:
        raise CodeDeployException(
            "InvalidDeploymentWaitTypeException",
            f"deploymentWaitType is {kind!r}: use {READY_WAIT} or {TERMINATION_WAIT}.",
        )
    if not waits[kind]:
        raise CodeDeployException(
            "DeploymentIsNotInReadyStateException",
            f"The deployment {deployment.deployment_id} is not in its {kind}.",
        )
    deployments.request_continuation(deployment)
    return EmptyResult()


@patches.method(CodeDeployResponse)
def list_deployments(call: CodeDeployResponse) -> ActionResult:
    """ListDeployments: the newest first."""
    return deployment_lists.page_of_deployments(call)


@patches.method(CodeDeployResponse)
def get_deployment(call: CodeDeployResponse) -> ActionResult:
    """GetDeployment."""
    return ActionResult({"deploymentInfo": _info(deployment_of(call))})


@patches.method(CodeDeployResponse)
def batch_get_deployments(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeployments: those that exist."""
    names = Parameters(call).texts("deploymentIds")
    check_batch(names, MOST_AT_ONCE)
    for name in names:
        check_deployment_id(name)
    found = call.codedeploy_backend.batch_get_deployments(names)
    return ActionResult({"deploymentsInfo": [_info(deployment) for deployment in found]})


def _info(deployment: DeploymentInfo) -> object:
    describe: Callable[[DeploymentInfo], object] = vars(responses)["_deployment_info"]
    return describe(deployment)


@patches.around(responses, "_deployment_info")
def _describe(moto: Original, deployment: DeploymentInfo) -> dict[str, Any]:
    """Describe a deployment with what moto leaves empty."""
    group, record = deployment.deployment_group, DeploymentRecord.of(deployment)
    described: dict[str, Any] = moto(deployment) | {
        "errorInformation": asdict(record.error) if record.error else None,
        "rollbackInfo": _describe_rollback(record.rollback),
        "previousRevision": record.previous_revision,
        "autoRollbackConfiguration": (
            deployment.auto_rollback_configuration or group.auto_rollback_configuration or None
        ),
        "overrideAlarmConfiguration": deployment.override_alarm_configuration,
        "deploymentStyle": group.deployment_style or DEFAULT_STYLE,
        **_describe_blue_green(deployment),
        "ec2DeploymentOptions": describe_options(record.processes_to_suspend or None),
    }
    return {name: value for name, value in described.items() if value is not None}


def _describe_blue_green(deployment: DeploymentInfo) -> dict[str, Any]:
    group, record = deployment.deployment_group, DeploymentRecord.of(deployment)
    if not blue_green.is_blue_green(group):
        return {}
    return {
        "blueGreenDeploymentConfiguration": group.blue_green_deployment_configuration,
        "targetInstances": record.green or None,
        "instanceTerminationWaitTimeStarted": record.termination_wait,
        "loadBalancerInfo": group.load_balancer_info or None,
    }


def _describe_rollback(rollback: RollbackInfo | None) -> dict[str, str] | None:
    if rollback is None:
        return None
    described = {
        "rollbackDeploymentId": rollback.rollback,
        "rollbackTriggeringDeploymentId": rollback.triggered_by,
        "rollbackMessage": rollback.message,
    }
    return {name: value for name, value in described.items() if value is not None}
