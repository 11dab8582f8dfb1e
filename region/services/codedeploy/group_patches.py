"""CodeDeploy's calls for deployment groups, and what AWS rejects about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.codedeploy import deployments, managed_hooks, tagging
from region.services.codedeploy.deployment_configs import ONE_AT_A_TIME
from region.services.codedeploy.group_checks import check_group, check_processes
from region.services.codedeploy.parameter_checks import check_batch, check_name
from region.services.codedeploy.records import (
    DeploymentGroupRecord,
    DeploymentSummary,
)

DEFAULT_STYLE = {
    "deploymentType": "IN_PLACE",
    "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
}
PROCESSES_TO_SUSPEND = "autoScalingGroupProcessesToSuspend"

ATTRIBUTES = {
    "deploymentConfigName": "deployment_config_name",
    "ec2TagFilters": "ec2_tag_filters",
    "onPremisesInstanceTagFilters": "on_premises_instance_tag_filters",
    "autoScalingGroups": "auto_scaling_groups",
    "serviceRoleArn": "service_role_arn",
    "triggerConfigurations": "trigger_configurations",
    "alarmConfiguration": "alarm_configuration",
    "autoRollbackConfiguration": "auto_rollback_configuration",
    "outdatedInstancesStrategy": "outdated_instances_strategy",
    "deploymentStyle": "deployment_style",
    "blueGreenDeploymentConfiguration": "blue_green_deployment_configuration",
    "loadBalancerInfo": "load_balancer_info",
    "ec2TagSet": "ec2_tag_set",
    "onPremisesTagSet": "on_premises_tag_set",
    "terminationHookEnabled": "termination_hook_enabled",
}
"""The parameters of UpdateDeploymentGroup and moto's attributes for them."""
ALTERNATIVES = {
    "ec2TagFilters": "ec2TagSet",
    "ec2TagSet": "ec2TagFilters",
    "onPremisesInstanceTagFilters": "onPremisesTagSet",
    "onPremisesTagSet": "onPremisesInstanceTagFilters",
}
"""Two ways to choose instances by tags: whichever is given replaces the other one."""
MOST_AT_ONCE = 100

patches = Patches()


@patches.around(DeploymentGroup, "__init__")
def _new_group(moto: Original, group: DeploymentGroup, *args: object, **kwargs: object) -> None:
    moto(group, *args, **kwargs)
    DeploymentGroupRecord().attach(group)


@patches.around(CodeDeployBackend, "create_deployment_group")
def _create_group(
    moto: Original,
    backend: CodeDeployBackend,
    application_name: str,
    deployment_group_name: str,
    *args: Any,
    **kwargs: Any,
) -> str:
    """Create a group unless AWS would reject it."""
    backend.get_application(application_name)
    check_name("deployment group", deployment_group_name)
    tags = kwargs.pop("tags", None)
    identifier = moto(backend, application_name, deployment_group_name, *args, **kwargs)
    groups = backend.deployment_groups[application_name]
    group = groups[deployment_group_name]
    group.deployment_config_name = kwargs.get("deployment_config_name") or ONE_AT_A_TIME
    try:
        check_group(backend, group)
    except CodeDeployException:
        del groups[deployment_group_name]
        raise
    if tags:
        group.tags = tags
        arn = tagging.group_arn(backend, application_name, deployment_group_name)
        backend.tagger.tag_resource(arn, tags)
    managed_hooks.synchronize(backend, group)
    return identifier


@patches.around(CodeDeployResponse, "create_deployment_group")
def create_deployment_group(moto: Original, call: CodeDeployResponse) -> ActionResult:
    """CreateDeploymentGroup: moto's call with the options that it does not know."""
    processes = processes_in(Parameters(call).get("ec2DeploymentOptions"))
    check_processes(processes, Parameters(call).texts("autoScalingGroups"))
    answer: ActionResult = moto(call)
    groups = call.codedeploy_backend.deployment_groups[Parameters(call).text("applicationName")]
    group = groups[Parameters(call).text("deploymentGroupName")]
    DeploymentGroupRecord.of(group).processes_to_suspend = processes
    return answer


@patches.method(CodeDeployResponse)
def update_deployment_group(call: CodeDeployResponse) -> ActionResult:
    """UpdateDeploymentGroup: either all changes or, if AWS would reject the result, none."""
    backend = call.codedeploy_backend
    application = Parameters(call).text("applicationName")
    name = Parameters(call).text("currentDeploymentGroupName")
    new = Parameters(call).text("newDeploymentGroupName") or name
    group = backend.get_deployment_group(application, name)
    groups = backend.deployment_groups[application]
    if new != name and new in groups:
        raise CodeDeployException(
            "DeploymentGroupAlreadyExistsException", f"Deployment group {new} already exists."
        )
    check_name("deployment group", new)
    record = DeploymentGroupRecord.of(group)
    before, processes_before = dict(vars(group)), record.processes_to_suspend
    for name_in_api, attribute in ATTRIBUTES.items():
        value = Parameters(call).get(name_in_api)
        if value is not None:
            setattr(group, attribute, value)
            other = ALTERNATIVES.get(name_in_api)
            if other and value and Parameters(call).get(other) is None:
                setattr(group, ATTRIBUTES[other], type(getattr(group, ATTRIBUTES[other]))())
    options = Parameters(call).get("ec2DeploymentOptions")
    if options is not None:
        record.processes_to_suspend = processes_in(options)
    try:
        check_group(backend, group)
    except CodeDeployException:
        vars(group).update(before)
        record.processes_to_suspend = processes_before
        raise
    groups[new] = groups.pop(name)
    group.deployment_group_name = new
    for deployment in backend.deployments.values():
        if deployment.deployment_group is group:
            deployment.deployment_group_name = new
    tagging.group_renamed(backend, application, name, new)
    managed_hooks.synchronize(backend, group)
    return ActionResult({"hooksNotCleanedUp": []})


@patches.method(CodeDeployResponse)
def delete_deployment_group(call: CodeDeployResponse) -> ActionResult:
    """DeleteDeploymentGroup. AWS documents no error for one that deploys: that is stopped."""
    backend = call.codedeploy_backend
    groups = backend.deployment_groups.get(Parameters(call).text("applicationName"), {})
    group = groups.get(Parameters(call).text("deploymentGroupName"))
    if group is not None:
        deployments.stop_active(backend, group)
        managed_hooks.remove(backend, group)
        del groups[group.deployment_group_name]
    return ActionResult({"hooksNotCleanedUp": []})


@patches.method(CodeDeployResponse)
def batch_get_deployment_groups(call: CodeDeployResponse) -> ActionResult:
    """BatchGetDeploymentGroups."""
    backend = call.codedeploy_backend
    application = Parameters(call).text("applicationName")
    backend.get_application(application)
    groups = backend.deployment_groups.get(application, {})
    names = Parameters(call).texts("deploymentGroupNames")
    check_batch(names, MOST_AT_ONCE)
    info: Callable[[DeploymentGroup], object] = vars(responses)["_deployment_group_info"]
    missing = [name for name in names if name not in groups]
    return ActionResult(
        {
            "deploymentGroupsInfo": [info(groups[name]) for name in names if name in groups],
            "errorMessage": f"No such deployment group: {', '.join(missing)}" if missing else "",
        }
    )


@patches.method(CodeDeployResponse)
def list_deployment_groups(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentGroups."""
    backend, application = call.codedeploy_backend, Parameters(call).text("applicationName")
    backend.get_application(application)
    names = list(backend.deployment_groups.get(application, {}))
    return ActionResult({"deploymentGroups": names, "applicationName": application})


@patches.around(responses, "_deployment_group_info")
def _describe(moto: Original, group: DeploymentGroup) -> dict[str, Any]:
    """Describe a group with what moto leaves empty."""
    record = DeploymentGroupRecord.of(group)
    described: dict[str, Any] = moto(group) | {
        "alarmConfiguration": group.alarm_configuration or {"enabled": False, "alarms": []},
        "autoScalingGroups": [
            _describe_scaling_group(group, name) for name in group.auto_scaling_groups
        ],
        "targetRevision": record.target_revision,
        "lastSuccessfulDeployment": _describe_summary(record.last_successful),
        "lastAttemptedDeployment": _describe_summary(record.last_attempted),
        "outdatedInstancesStrategy": group.outdated_instances_strategy or "UPDATE",
        "terminationHookEnabled": bool(group.termination_hook_enabled),
        "ec2DeploymentOptions": describe_options(record.processes_to_suspend),
        "deploymentStyle": group.deployment_style or DEFAULT_STYLE,
    }
    return {name: value for name, value in described.items() if value is not None}


def _describe_scaling_group(group: DeploymentGroup, name: str) -> dict[str, str]:
    record = DeploymentGroupRecord.of(group)
    described = {"name": name, "hook": record.launch_hook(group.deployment_group_name, name)}
    if group.termination_hook_enabled:
        hook = record.termination_hook(group.deployment_group_name, name)
        described["terminationHook"] = hook
    return described


def _describe_summary(deployment: DeploymentSummary | None) -> dict[str, Any] | None:
    if deployment is None:
        return None
    described = {
        "deploymentId": deployment.deployment_id,
        "status": deployment.status,
        "createTime": deployment.created,
        "endTime": deployment.ended,
    }
    return {name: value for name, value in described.items() if value is not None}


# Auto Scaling processes ----------------------------------------------------------------------


def processes_in(options: dict[str, Any] | None) -> list[str] | None:
    """Return the Auto Scaling processes that `ec2DeploymentOptions` names, None without options."""
    return None if options is None else list(options.get(PROCESSES_TO_SUSPEND) or [])


def describe_options(processes: list[str] | None) -> dict[str, list[str]] | None:
    """Return the `ec2DeploymentOptions` that name these processes, None without options."""
    return None if processes is None else {PROCESSES_TO_SUSPEND: processes}
