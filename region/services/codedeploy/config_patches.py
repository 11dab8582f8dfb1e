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
from region.services.codedeploy.deployment_configs import (
    PREDEFINED_CONFIGS,
    PREDEFINED_PREFIX,
    config_of,
)
from region.services.codedeploy.minimum_healthy_hosts import COUNT, PERCENT
from region.services.codedeploy.parameter_checks import check_name
from region.services.codedeploy.records import DeploymentConfig, ServiceRecord, ZonalConfig

ALL = 100

patches = Patches()


@patches.method(CodeDeployResponse)
def create_deployment_config(call: CodeDeployResponse) -> ActionResult:
    """CreateDeploymentConfig."""
    configs = ServiceRecord.of(call.codedeploy_backend).configs
    name = Parameters(call).text("deploymentConfigName")
    check_name("deployment config", name)
    if name not in PREDEFINED_CONFIGS and name.startswith(PREDEFINED_PREFIX):
        raise CodeDeployException(
            "InvalidDeploymentConfigNameException",
            f"{name!r} begins with {PREDEFINED_PREFIX}, which is kept for predefined ones.",
        )
    if name in configs or name in PREDEFINED_CONFIGS:
        raise CodeDeployException(
            "DeploymentConfigAlreadyExistsException",
            f"Deployment configuration {name} already exists.",
        )
    platform = Parameters(call).text("computePlatform") or "Server"
    if platform != "Server" or Parameters(call).get("trafficRoutingConfig"):
        raise CodeDeployException(
            "InvalidComputePlatformException",
            "The local region deploys to instances only: use computePlatform Server without "
            "trafficRoutingConfig.",
        )
    minimum_type, minimum_value = _minimum(Parameters(call).structure("minimumHealthyHosts"))
    identifier = str(uuid.uuid4())
    configs[name] = DeploymentConfig(
        name,
        minimum_type,
        minimum_value,
        platform,
        identifier,
        created=utcnow(),
        zonal=_zonal(Parameters(call).get("zonalConfig")),
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
    if kind == PERCENT and value >= ALL:
        raise CodeDeployException(
            "InvalidMinimumHealthyHostValueException",
            f"A {PERCENT} of {value} leaves no instance to deploy to: use 0 to {ALL - 1}.",
        )
    return kind, value


def _zonal(settings: dict[str, Any] | None) -> ZonalConfig | None:
    if settings is None:
        return None
    for name in ("monitorDurationInSeconds", "firstZoneMonitorDurationInSeconds"):
        if (settings.get(name) or 0) < 0:
            raise CodeDeployException(
                "InvalidZonalDeploymentConfigurationException",
                f"{name} is {settings[name]}: use a number of seconds from 0.",
            )
    per_zone = settings.get("minimumHealthyHostsPerZone")
    minimum_type, minimum_value = _minimum(per_zone) if per_zone else (PERCENT, 0)
    return ZonalConfig(
        int(settings.get("monitorDurationInSeconds") or 0),
        settings.get("firstZoneMonitorDurationInSeconds"),
        minimum_type,
        minimum_value,
    )


def _describe(config: DeploymentConfig) -> dict[str, Any]:
    described = {
        "deploymentConfigId": config.identifier,
        "deploymentConfigName": config.name,
        "minimumHealthyHosts": {"type": config.minimum_type, "value": config.minimum_value},
        "computePlatform": config.compute_platform,
        "createTime": config.created,
        "zonalConfig": _describe_zonal(config.zonal) if config.zonal else None,
    }
    return {name: value for name, value in described.items() if value is not None}


def _describe_zonal(zonal: ZonalConfig) -> dict[str, Any]:
    described = {
        "monitorDurationInSeconds": zonal.monitor,
        "firstZoneMonitorDurationInSeconds": zonal.first_monitor,
        "minimumHealthyHostsPerZone": {"type": zonal.minimum_type, "value": zonal.minimum_value},
    }
    return {name: value for name, value in described.items() if value is not None}
