"""CodeDeploy's calls for deployment configurations."""

from __future__ import annotations

import uuid

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from region.api.patching import Patches
from region.services.codedeploy.deployment_configs import PREDEFINED_CONFIGS, config_of
from region.services.codedeploy.minimum_healthy_hosts import COUNT, PERCENT
from region.services.codedeploy.requests import backend_of, check_name, parameter
from region.services.codedeploy.shapes import MinimumHealthyHosts

patches = Patches()


@patches.method(CodeDeployResponse)
def create_deployment_config(call: CodeDeployResponse) -> ActionResult:
    """CreateDeploymentConfig."""
    configs = backend_of(call).deployment_configs
    name = parameter(call, "deploymentConfigName")
    check_name("deployment config", name)
    if name in configs or name in PREDEFINED_CONFIGS:
        raise CodeDeployException(
            "DeploymentConfigAlreadyExistsException",
            f"Deployment configuration {name} already exists.",
        )
    hosts = parameter(call, "minimumHealthyHosts")
    _check_minimum(hosts)
    identifier = str(uuid.uuid4())
    configs[name] = {
        "deploymentConfigId": identifier,
        "deploymentConfigName": name,
        "minimumHealthyHosts": hosts,
        "computePlatform": parameter(call, "computePlatform") or "Server",
        "createTime": utcnow(),
    }
    return ActionResult({"deploymentConfigId": identifier})


@patches.method(CodeDeployResponse)
def get_deployment_config(call: CodeDeployResponse) -> ActionResult:
    """GetDeploymentConfig."""
    name = parameter(call, "deploymentConfigName")
    return ActionResult({"deploymentConfigInfo": config_of(backend_of(call), name)})


@patches.method(CodeDeployResponse)
def list_deployment_configs(call: CodeDeployResponse) -> ActionResult:
    """ListDeploymentConfigs."""
    names = [*PREDEFINED_CONFIGS, *backend_of(call).deployment_configs]
    return ActionResult({"deploymentConfigsList": names})


@patches.method(CodeDeployResponse)
def delete_deployment_config(call: CodeDeployResponse) -> EmptyResult:
    """DeleteDeploymentConfig."""
    backend = backend_of(call)
    name = parameter(call, "deploymentConfigName")
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
    backend.deployment_configs.pop(name, None)
    return EmptyResult()


def _check_minimum(hosts: MinimumHealthyHosts | None) -> None:
    kind, value = (hosts.get("type"), hosts.get("value")) if hosts else (None, None)
    if kind not in {PERCENT, COUNT} or not isinstance(value, int) or value < 0:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            f"minimumHealthyHosts needs a type of {PERCENT} or {COUNT} and a value >= 0.",
        )
    if kind == PERCENT and value > 100:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            f"A {PERCENT} of {value} is more than the whole fleet: use 0 to 100.",
        )
