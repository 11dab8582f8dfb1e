"""CodeDeploy deployment configurations for EC2."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.resources.codedeploy.common import PLATFORM
from region.provider.values import Properties

KINDS = ("FLEET_PERCENT", "HOST_COUNT")
_HOSTS, _ZONAL = "minimumHealthyHosts", "zonalConfig"


class DeploymentConfig(Handler):
    """`aws.codedeploy.DeploymentConfig` with a minimum of healthy hosts. It cannot be changed."""

    resource_type = "aws:codedeploy/deploymentConfig:DeploymentConfig"
    supported = frozenset(
        {"deploymentConfigName", "computePlatform", f"{_HOSTS}.type", f"{_HOSTS}.value", _ZONAL}
    )
    defaults: ClassVar = {"computePlatform": PLATFORM}
    naming = Naming(
        prop="deploymentConfigName",
        prefix="",
        limit=100,
        pattern=r"(?!CodeDeployDefault)[\w+=,.@-]+",
        rule="letters, digits and +=,.@_-, and not CodeDeployDefault",
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that there is a minimum for servers."""
        yield from checks.one_of("computePlatform", inputs.get("computePlatform"), [PLATFORM])
        hosts: Any = inputs.get(_HOSTS)
        if hosts is None:
            yield CheckFailure(_HOSTS, f"a configuration for servers needs {_HOSTS!r}; set it")
        if isinstance(hosts, dict):
            kind, value = hosts.get("type"), hosts.get("value")  # pyright: ignore[reportUnknownMemberType]
            yield from checks.one_of(f"{_HOSTS}.type", kind, KINDS)
            most = 99 if kind == KINDS[0] else 10_000
            yield from checks.within(f"{_HOSTS}.value", value, 0, most)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateDeploymentConfig; the id is the name."""
        op.aws.codedeploy.create_deployment_config(
            deploymentConfigName=inputs["deploymentConfigName"],
            computePlatform=inputs["computePlatform"],
            minimumHealthyHosts=inputs[_HOSTS],
            **({_ZONAL: inputs[_ZONAL]} if inputs.get(_ZONAL) else {}),
        )
        return inputs["deploymentConfigName"]

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the configuration."""
        response = op.aws.codedeploy.get_deployment_config(deploymentConfigName=identity)
        config = response["deploymentConfigInfo"]
        return {
            "deploymentConfigName": config["deploymentConfigName"],
            "computePlatform": config.get("computePlatform", PLATFORM),
            "deploymentConfigId": config.get("deploymentConfigId", ""),
            "arn": op.arn("codedeploy", f"deploymentconfig:{identity}"),
            _HOSTS: dict(config[_HOSTS]),
            **({_ZONAL: config[_ZONAL]} if config.get(_ZONAL) else {}),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteDeploymentConfig, again while a deployment group still uses it."""
        op.release(
            f"deployment configuration {identity}",
            lambda: op.aws.codedeploy.delete_deployment_config(deploymentConfigName=identity),
            "DeploymentConfigInUseException",
        )
