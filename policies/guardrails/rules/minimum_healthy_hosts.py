"""Rules about minimum healthy hosts: how many instances a deployment keeps in service."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from guardrails import tokens
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation, for_each
from guardrails.relations import auto_scaling
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, number

_DOC = "https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html"

# Minimum healthy hosts of the predefined configurations, in percent of the instances:
# https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
_PREDEFINED = MappingProxyType(
    {
        "CodeDeployDefault.OneAtATime": 99.0,
        "CodeDeployDefault.HalfAtATime": 50.0,
        "CodeDeployDefault.AllAtOnce": 0.0,
    }
)
_DEFAULT = "CodeDeployDefault.OneAtATime"

# Per kind of minimum: the parameter that holds the threshold, and the unit in a message.
_KINDS = MappingProxyType(
    {
        "FLEET_PERCENT": ("minimumFleetPercent", "% of the instances"),
        "HOST_COUNT": ("minimumHostCount", " host(s)"),
    }
)


@dataclass(frozen=True)
class Minimum:
    """The minimum healthy hosts of one deployment configuration.

    Attributes:
        kind: FLEET_PERCENT or HOST_COUNT.
        value: Percent or number of hosts, `None` if unknown.
        custom: Whether the configuration is not one of the predefined ones.
    """

    name: str
    kind: Any
    value: float | None
    custom: bool

    def hosts(self, fleet_size: float) -> int | None:
        """Return how many instances have to stay healthy; CodeDeploy rounds percentages up."""
        if self.value is None:
            return None
        if self.kind == "FLEET_PERCENT":
            return math.ceil(fleet_size * self.value / 100)
        return math.ceil(self.value) if self.kind == "HOST_COUNT" else None


def _minimum(stack: Stack, deployment: Resource) -> Minimum:
    name = deployment.get("deploymentConfigName") or _DEFAULT
    if isinstance(name, str) and name in _PREDEFINED:
        return Minimum(name, "FLEET_PERCENT", _PREDEFINED[name], custom=False)
    configurations = stack.linked(
        deployment,
        "deploymentConfigName",
        tokens.DEPLOYMENT_CONFIG,
        ("deploymentConfigName", "id"),
    )
    if len(configurations) != 1:
        return Minimum(deployment.shown("deploymentConfigName"), UNKNOWN, None, custom=True)
    hosts = configurations[0].get("minimumHealthyHosts")
    kind, value = (UNKNOWN, None) if not isinstance(hosts, dict) else _declared(hosts)
    return Minimum(f'"{configurations[0].name}"', kind, value, custom=True)


def _declared(hosts: dict[str, Any]) -> tuple[Any, float | None]:
    return hosts.get("type"), number(hosts.get("value"))


def _enough(stack: Stack, deployment: Resource, settings: Settings) -> str | None:
    minimum = _minimum(stack, deployment)
    uses = f'Deployment group "{deployment.name}" uses deployment configuration {minimum.name}, '
    if minimum.value is None or minimum.kind not in _KINDS:
        return uses + "whose minimum healthy hosts are not known."
    parameter, unit = _KINDS[minimum.kind]
    required = settings.integer(parameter)
    if minimum.value >= required:
        return None
    return uses + (
        f"which keeps {minimum.value:g}{unit} in service; at least {required}{unit} are required."
    )


MIN_HEALTHY_HOSTS = StackRule(
    id="codedeploy-min-healthy-hosts",
    title="A deployment keeps enough instances in service",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("CODEDEPLOY_EC2_MINIMUM_HEALTHY_HOSTS_CONFIGURED",),
        "Well-Architected": ("OPS06-BP03", "REL11-BP02"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/codedeploy-ec2-minimum-healthy-hosts-configured.html",
    remedy=(
        "set deployment_config_name to CodeDeployDefault.HalfAtATime or "
        "CodeDeployDefault.OneAtATime, or to a configuration of this stack with a higher minimum."
    ),
    steps=(
        "Set deployment_config_name to CodeDeployDefault.OneAtATime or .HalfAtATime.",
        "To match AWS Config's own default, set minimumFleetPercent to 66: HalfAtATime fails it.",
    ),
    unknown=(
        "An unknown configuration name is resolved through the configuration it comes from; a "
        "configuration that is neither predefined nor of this stack is a violation."
    ),
    parameters={
        "minimumFleetPercent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 50,
            "description": "Percent of the instances that a FLEET_PERCENT configuration must keep.",
        },
        "minimumHostCount": {
            "type": "integer",
            "minimum": 0,
            "default": 1,
            "description": "Hosts that a HOST_COUNT configuration must keep.",
        },
    },
    check=for_each(auto_scaling.deployment_groups, _enough),
)


def _possible(stack: Stack, _: Settings) -> Iterator[Violation]:
    for deployment in auto_scaling.deployment_groups(stack):
        minimum = _minimum(stack, deployment)
        if not minimum.custom:
            continue  # OneAtATime's documented 99 % would round up to all hosts; AWS exempts it
        for group in auto_scaling.deployed_groups(stack, deployment):
            size = number(group.get("minSize"))
            hosts = None if size is None else minimum.hosts(size)
            if size is None:
                yield Violation(
                    f'Auto Scaling group "{group.name}" has a min_size that is '
                    f"{group.shown('minSize')}, so deployments to it cannot be evaluated.",
                    group,
                )
            elif hosts is not None and hosts >= size:
                yield Violation(
                    f'Deployment group "{deployment.name}" has to keep {hosts} hosts healthy, but '
                    f'Auto Scaling group "{group.name}" may have only {size:g}: every deployment '
                    "would fail immediately.",
                    deployment,
                )


HEALTHY_HOSTS_POSSIBLE = StackRule(
    id="codedeploy-healthy-hosts-possible",
    title="The minimum healthy hosts leave room for a deployment",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP03",)},
    url=_DOC,
    remedy=(
        "lower the deployment configuration's minimum or raise the group's min_size, so that the "
        "rounded-up minimum is smaller than the group."
    ),
    steps=(
        "Compute ceil(percent * min_size / 100): it has to be smaller than min_size.",
        "Lower the configuration's value or raise min_size.",
    ),
    unknown=(
        "An unknown min_size is a violation; an unknown minimum is reported by "
        "codedeploy-min-healthy-hosts."
    ),
    check=_possible,
)

RULES = (MIN_HEALTHY_HOSTS, HEALTHY_HOSTS_POSSIBLE)
