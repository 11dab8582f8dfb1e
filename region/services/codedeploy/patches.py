"""CodeDeploy as AWS answers it: applications, deployment groups and deployment configurations.

moto lacks updating and deleting, and leaves half of a group's description empty. Deployments and
their targets are in `codedeploy_deployments`; `region.services.codedeploy.controller` carries them out.
"""

import re
import uuid
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.codedeploy import responses
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.elbv2.models import elbv2_backends

from region.api.patching import add, replace
from region.services.codedeploy import deployment_patches, renaming
from region.services.codedeploy.deployment_configs import (
    ONE_AT_A_TIME,
    PREDEFINED_CONFIGS,
    config_of,
    configs,
)

WITH_TRAFFIC_CONTROL = "WITH_TRAFFIC_CONTROL"

GROUP_FIELDS = {
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
    "ec2DeploymentOptions": "ec2_deployment_options",
}
MAX_ALARMS = 10
_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,100}")


def install() -> None:
    """Patch moto's CodeDeploy."""
    replace(responses, "_deployment_group_info", _make_group_info)
    _patch_group_model()
    add(CodeDeployResponse, *_application_calls())
    add(CodeDeployResponse, *_group_calls())
    add(CodeDeployResponse, *_config_calls())
    deployment_patches.install()


def target_group_names(group: Any) -> list[str]:
    """Names of the target groups whose traffic the deployment group controls."""
    if (group.deployment_style or {}).get("deploymentOption") != WITH_TRAFFIC_CONTROL:
        return []
    info = group.load_balancer_info or {}
    return [entry["name"] for entry in info.get("targetGroupInfoList") or []]


# Applications --------------------------------------------------------------------------------


def _application_calls() -> list[Any]:
    def update_application(self: Any) -> EmptyResult:
        backend = self.codedeploy_backend
        name, new = self._get_param("applicationName"), self._get_param("newApplicationName")
        application = backend.get_application(name)
        if new and new != name:
            if new in backend.applications:
                raise CodeDeployException(
                    "ApplicationAlreadyExistsException",
                    f"The application {new} already exists with the user or AWS account.",
                )
            backend.applications[new] = backend.applications.pop(name)
            backend.deployment_groups[new] = backend.deployment_groups.pop(name, {})
            application.application_name = new
            renaming.application_renamed(backend, name, new)
            for deployment in backend.deployments.values():
                if deployment.application is application:
                    deployment.application_name = new
        return EmptyResult()

    def delete_application(self: Any) -> EmptyResult:
        backend = self.codedeploy_backend
        name = self._get_param("applicationName")
        for group in backend.deployment_groups.get(name, {}).values():
            deployment_patches.require_idle(backend, group)
        backend.applications.pop(name, None)
        backend.deployment_groups.pop(name, None)
        deployment_patches.revisions(backend).pop(name, None)
        return EmptyResult()

    return [update_application, delete_application]


# Deployment groups ---------------------------------------------------------------------------


def _patch_group_model() -> None:
    def make_init(moto_init: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            moto_init(self, *args, **kwargs)
            deployment_patches.prepare_group(self)

        return __init__

    def make_create(moto_create: Any) -> Any:
        def create_deployment_group(
            self: Any, application_name: str, deployment_group_name: str, *args: Any, **kwargs: Any
        ) -> str:
            self.get_application(application_name)
            _check_name("deployment group", deployment_group_name)
            identifier = moto_create(self, application_name, deployment_group_name, *args, **kwargs)
            group = self.deployment_groups[application_name][deployment_group_name]
            group.deployment_config_name = kwargs.get("deployment_config_name") or ONE_AT_A_TIME
            try:
                _check_group(self, group)
            except CodeDeployException:
                del self.deployment_groups[application_name][deployment_group_name]
                raise
            return identifier

        return create_deployment_group

    replace(DeploymentGroup, "__init__", make_init)
    replace(CodeDeployBackend, "create_deployment_group", make_create)
    replace(CodeDeployResponse, "create_deployment_group", _make_create_call)


def _make_create_call(moto_call: Any) -> Any:
    def create_deployment_group(self: Any) -> ActionResult:
        """Moto's call with the options that it does not know."""
        options = self._get_param("ec2DeploymentOptions")
        deployment_patches.check_options(options, self._get_param("autoScalingGroups") or [])
        answer: ActionResult = moto_call(self)
        groups = self.codedeploy_backend.deployment_groups[self._get_param("applicationName")]
        groups[self._get_param("deploymentGroupName")].ec2_deployment_options = options
        return answer

    return create_deployment_group


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name or ""):
        kind = "".join(word.capitalize() for word in what.split())
        raise CodeDeployException(
            f"Invalid{kind}NameException", f"{name!r} is not a valid {what} name."
        )


def _check_group(backend: Any, group: Any) -> None:
    """Refuse what AWS refuses about a deployment group."""
    config_of(backend, str(group.deployment_config_name))
    style = group.deployment_style or {}
    if style.get("deploymentType") == "BLUE_GREEN":
        raise CodeDeployException(
            "InvalidDeploymentStyleException",
            "The local region does not support BLUE_GREEN deployments: use IN_PLACE.",
        )
    known = autoscaling_backends[backend.account_id][backend.region_name].autoscaling_groups
    for name in group.auto_scaling_groups:
        if name not in known:
            raise CodeDeployException(
                "InvalidAutoScalingGroupException", f"No such auto scaling group: {name}"
            )
    deployment_patches.check_options(group.ec2_deployment_options, group.auto_scaling_groups)
    _check_alarms(group.alarm_configuration)
    names = target_group_names(group)
    if style.get("deploymentOption") == WITH_TRAFFIC_CONTROL and not names:
        raise CodeDeployException(
            "InvalidLoadBalancerInfoException",
            "For the WITH_TRAFFIC_CONTROL deployment option the local region needs "
            "targetGroupInfoList in loadBalancerInfo.",
        )
    balancers = elbv2_backends[backend.account_id][backend.region_name].target_groups.values()
    missing = set(names) - {target_group.name for target_group in balancers}
    if missing:
        raise CodeDeployException(
            "InvalidLoadBalancerInfoException",
            f"No such target group: {', '.join(sorted(missing))}",
        )


def _check_alarms(settings: dict[str, Any] | None) -> None:
    """InvalidAlarmConfigException and AlarmsLimitExceededException of the API reference."""
    names = [entry.get("name") for entry in (settings or {}).get("alarms") or []]
    if len(names) > MAX_ALARMS:
        raise CodeDeployException(
            "AlarmsLimitExceededException",
            f"A deployment group takes {MAX_ALARMS} alarms, not {len(names)}.",
        )
    if (settings or {}).get("enabled") and not names:
        raise CodeDeployException(
            "InvalidAlarmConfigException", "The alarm configuration is enabled without an alarm."
        )
    if len(set(names)) != len(names) or not all(names):
        raise CodeDeployException(
            "InvalidAlarmConfigException", "Alarms need names that differ from each other."
        )


def _group_calls() -> list[Any]:
    def update_deployment_group(self: Any) -> ActionResult:
        backend = self.codedeploy_backend
        application = self._get_param("applicationName")
        name = self._get_param("currentDeploymentGroupName")
        new = self._get_param("newDeploymentGroupName") or name
        group = backend.get_deployment_group(application, name)
        groups = backend.deployment_groups[application]
        if new != name and new in groups:
            raise CodeDeployException(
                "DeploymentGroupAlreadyExistsException", f"Deployment group {new} already exists."
            )
        _check_name("deployment group", new)
        before = dict(group.__dict__)
        for parameter, attribute in GROUP_FIELDS.items():
            value = self._get_param(parameter)
            if value is not None:
                setattr(group, attribute, value)
        try:
            _check_group(backend, group)
        except CodeDeployException:
            group.__dict__.update(before)
            raise
        groups[new] = groups.pop(name)
        group.deployment_group_name = new
        renaming.group_renamed(backend, application, name, new)
        return ActionResult({"hooksNotCleanedUp": []})

    def delete_deployment_group(self: Any) -> ActionResult:
        backend = self.codedeploy_backend
        groups = backend.deployment_groups.get(self._get_param("applicationName"), {})
        group = groups.get(self._get_param("deploymentGroupName"))
        if group is not None:
            deployment_patches.require_idle(backend, group)
            del groups[group.deployment_group_name]
        return ActionResult({"hooksNotCleanedUp": []})

    def batch_get_deployment_groups(self: Any) -> ActionResult:
        backend = self.codedeploy_backend
        application = self._get_param("applicationName")
        backend.get_application(application)
        groups = backend.deployment_groups.get(application, {})
        names = self._get_param("deploymentGroupNames") or []
        info = responses._deployment_group_info  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        missing = [name for name in names if name not in groups]
        return ActionResult(
            {
                "deploymentGroupsInfo": [info(groups[name]) for name in names if name in groups],
                "errorMessage": f"No such deployment group: {', '.join(missing)}"
                if missing
                else "",
            }
        )

    return [update_deployment_group, delete_deployment_group, batch_get_deployment_groups]


def _make_group_info(moto_info: Any) -> Any:
    def _deployment_group_info(group: Any) -> dict[str, Any]:
        info: dict[str, Any] = moto_info(group)
        info["alarmConfiguration"] = group.alarm_configuration or {"enabled": False, "alarms": []}
        info["autoScalingGroups"] = [
            _described_scaling_group(group, name) for name in group.auto_scaling_groups
        ]
        info["targetRevision"] = group.target_revision
        info["lastSuccessfulDeployment"] = group.last_successful
        info["lastAttemptedDeployment"] = group.last_attempted
        info["outdatedInstancesStrategy"] = group.outdated_instances_strategy or "UPDATE"
        info["terminationHookEnabled"] = bool(group.termination_hook_enabled)
        info["ec2DeploymentOptions"] = group.ec2_deployment_options
        info["deploymentStyle"] = group.deployment_style or {
            "deploymentType": "IN_PLACE",
            "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
        }
        return {name: value for name, value in info.items() if value is not None}

    return _deployment_group_info


def _described_scaling_group(group: Any, name: str) -> dict[str, str]:
    described = {"name": name, "hook": deployment_patches.hook_name(group, name)}
    if group.termination_hook_enabled:
        described["terminationHook"] = deployment_patches.termination_hook_name(group, name)
    return described


# Deployment configurations -------------------------------------------------------------------


def _config_calls() -> list[Any]:
    def create_deployment_config(self: Any) -> ActionResult:
        backend = self.codedeploy_backend
        name = self._get_param("deploymentConfigName")
        _check_name("deployment config", name)
        if name in configs(backend) or name in PREDEFINED_CONFIGS:
            raise CodeDeployException(
                "DeploymentConfigAlreadyExistsException",
                f"Deployment configuration {name} already exists.",
            )
        hosts = self._get_param("minimumHealthyHosts")
        _check_minimum(hosts)
        identifier = str(uuid.uuid4())
        configs(backend)[name] = {
            "deploymentConfigId": identifier,
            "deploymentConfigName": name,
            "minimumHealthyHosts": hosts,
            "computePlatform": self._get_param("computePlatform") or "Server",
            "createTime": utcnow(),
        }
        return ActionResult({"deploymentConfigId": identifier})

    def get_deployment_config(self: Any) -> ActionResult:
        name = self._get_param("deploymentConfigName")
        return ActionResult({"deploymentConfigInfo": config_of(self.codedeploy_backend, name)})

    def list_deployment_configs(self: Any) -> ActionResult:
        names = [*PREDEFINED_CONFIGS, *configs(self.codedeploy_backend)]
        return ActionResult({"deploymentConfigsList": names})

    def delete_deployment_config(self: Any) -> EmptyResult:
        backend = self.codedeploy_backend
        name = self._get_param("deploymentConfigName")
        if name in PREDEFINED_CONFIGS:
            raise CodeDeployException(
                "InvalidOperationException", f"{name} is predefined and cannot be deleted."
            )
        for groups in backend.deployment_groups.values():
            if any(str(group.deployment_config_name) == name for group in groups.values()):
                raise CodeDeployException(
                    "DeploymentConfigInUseException",
                    f"Deployment configuration {name} is in use by a deployment group.",
                )
        configs(backend).pop(name, None)
        return EmptyResult()

    return [
        create_deployment_config,
        get_deployment_config,
        list_deployment_configs,
        delete_deployment_config,
    ]


def _check_minimum(hosts: dict[str, Any] | None) -> None:
    kind, value = (hosts or {}).get("type"), (hosts or {}).get("value")
    limit = {"FLEET_PERCENT": 100, "HOST_COUNT": None}
    if kind not in limit or not isinstance(value, int) or value < 0:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            "minimumHealthyHosts needs a type of FLEET_PERCENT or HOST_COUNT and a value >= 0.",
        )
    if kind == "FLEET_PERCENT" and value > 100:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            f"A FLEET_PERCENT of {value} is more than the whole fleet: use 0 to 100.",
        )
