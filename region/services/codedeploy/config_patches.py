"""CodeDeploy's calls for deployment configurations."""

from __future__ import annotations

import uuid
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.codedeploy.deployment_configs import PREDEFINED_CONFIGS, config_of
from region.services.codedeploy.minimum_healthy_hosts import COUNT, PERCENT
from region.services.codedeploy.parameter_checks import check_name
from region.services.codedeploy.records import DeploymentConfig, ServiceRecord

patches = Patches()


@patches.method(CodeDeployResponse)
def create_deployment_config(call: CodeDeployResponse) -> ActionResult:
    """CreateDeploymentConfig."""
    configs = ServiceRecord.of(call.codedeploy_backend).configs
    name = Parameters(call).text("deploymentConfigName")
    check_name("deployment config", name)
    if name in configs or name in PREDEFINED_CONFIGS:
        raise CodeDeployException(
            "DeploymentConfigAlreadyExistsException",
            f"Deployment configuration {name} already exists.",
        )
    minimum_type, minimum_value = _minimum(Parameters(call).structure("minimumHealthyHosts"))
    platform = Parameters(call).text("computePlatform") or "Server"
    identifier = str(uuid.uuid4())
    configs[name] = DeploymentConfig(
        name, minimum_type, minimum_value, platform, identifier, created=utcnow()
    )
    return ActionResult({"deploymentConfigId": identifier})


@patches.method(CodeDeployResponse)
def get_deployment_config(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentConfig."""
    name = Parameters(call).text("deploymentConfigName")
    return ActionResult(
        {"deploymentConfigInfo": _describe(config_of(call.codedeploy_backend, name))}
    )


@patches.method(CodeDeployResponse)
def list_deployment_configs(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentConfigs."""
    names = [*PREDEFINED_CONFIGS, *ServiceRecord.of(call.codedeploy_backend).configs]
    return ActionResult({"deploymentConfigsList": names})


@patches.method(CodeDeployResponse)
def delete_deployment_config(call: CodeDeployResponse) -> EmptyResult:
    """DeleteDeploymentConfig."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("deploymentConfigName")
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
    ServiceRecord.of(backend).configs.pop(name, None)
    return EmptyResult()


def _minimum(hosts: dict[str, Any]) -> tuple[str, int]:
    kind, value = str(hosts.get("type")), hosts.get("value")
    if kind not in {PERCENT, COUNT} or not isinstance(value, int) or value < 0:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            f"minimumHealthyHosts needs a type of {PERCENT} or {COUNT} and a value >= 0.",
        )
    if kind == PERCENT and value > 100:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            f"A {PERCENT} of {value} is more than all instances: use 0 to 100.",
        )
    return kind, value


def _describe(config: DeploymentConfig) -> dict[str, Any]:
    described = {
        "deploymentConfigId": config.identifier,
        "deploymentConfigName": config.name,
        "minimumHealthyHosts": {"type": config.minimum_type, "value": config.minimum_value},
        "computePlatform": config.compute_platform,
        "createTime": config.created,
    }
    return {name: value for name, value in described.items() if value is not None}
