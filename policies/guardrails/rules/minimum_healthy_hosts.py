"""Rules about minimum healthy hosts: how many instances a deployment keeps in service."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from guardrails.architecture.deployments import Deployment, Deployments
from guardrails.architecture.fleets import Fleets
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import dig, number

_DOC = "https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html"

_MAKE_KNOWN = (
    "create the aws.codedeploy.DeploymentConfig in this stack and pass its deployment_config_name, "
    "or use CodeDeployDefault.HalfAtATime or CodeDeployDefault.OneAtATime."
)

# Per kind of minimum: the parameter that holds the threshold, and the unit in a message.
_KINDS = MappingProxyType(
    {
        "FLEET_PERCENT": ("minimumFleetPercent", "% of the instances"),
        "HOST_COUNT": ("minimumHostCount", " host(s)"),
    }
)


def _enough(stack: Stack, settings: Settings) -> Iterator[Violation]:
    for deployment in stack.derived(Deployments).serving:
        minimum = deployment.minimum
        uses = f"{deployment.label} uses deployment configuration {minimum.name}, "
        if minimum.value is None or minimum.kind not in _KINDS:
            yield Violation(
                uses + "whose minimum healthy hosts are not known.",
                deployment.resource,
                remedy=_MAKE_KNOWN if minimum.elsewhere else None,
                undecided=minimum.elsewhere,
            )
            continue
        parameter, unit = _KINDS[minimum.kind]
        required = settings.integer(parameter)
        if minimum.value < required:
            yield Violation(
                f"{uses}which keeps {minimum.value:g}{unit} in service; at least {required}{unit} "
                "are required.",
                deployment.resource,
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
        "CodeDeployDefault.OneAtATime, or to a configuration of this stack with higher "
        "minimum_healthy_hosts."
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
    check=_enough,
)


def _per_zone(stack: Stack, deployment: Deployment) -> Iterator[Violation]:
    """Find a minimum per zone that leaves none to deploy to."""
    for config in deployment.configurations:
        hosts = config.get("zonalConfig", "minimumHealthyHostsPerZone")
        value = number(dig(hosts, "value"))
        if value is None or dig(hosts, "type") != "HOST_COUNT":
            continue
        for group in stack.derived(Fleets).groups:
            zones = len(group.zones.zones)
            if group.resource not in deployment.groups.any or not zones or group.minimum is None:
                continue
            per_zone = group.minimum // zones
            if value >= per_zone:
                yield Violation(
                    f"{deployment.label} deploys to Auto Scaling group "
                    f'"{group.name}", which may have only {per_zone} in a zone, and configuration '
                    f'"{config.name}" keeps {value:g} healthy in each zone: none is left to deploy to.',
                    deployment.resource,
                    remedy=(
                        "set zonal_config.minimum_healthy_hosts_per_zone of the configuration to less "
                        "than that, or the group's min_size to more."
                    ),
                )


def _possible(stack: Stack, _: Settings) -> Iterator[Violation]:
    for deployment in stack.derived(Deployments).servers:
        minimum = deployment.minimum
        yield from _per_zone(stack, deployment)
        if not minimum.custom:
            continue  # OneAtATime's documented 99 % would round up to all hosts; AWS exempts it
        for group in deployment.groups.any:
            size = number(group.get("minSize"))
            deadlock = None if size is None else minimum.deadlock(size)
            if size == 0 or ((size is None or size == 1) and minimum.possible_at_two_or_more):
                continue  # such a group has nobody to spare: other rules ask whether it may be so small
            if size is None:
                yield Violation(
                    f'Auto Scaling group "{group.name}" has a min_size that is '
                    f"{group.shown('minSize')}, so deployments to it cannot be evaluated.",
                    group,
                )
            elif deadlock is not None:
                yield Violation(
                    f"{deployment.label} deploys to Auto Scaling group "
                    f'"{group.name}", which may have only {size:g}: {deadlock}.',
                    deployment.resource,
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
        "set minimum_healthy_hosts of the deployment configuration to type FLEET_PERCENT with 50, "
        "which grows with the fleet, and the group's min_size to 4 or more, so that one is left to "
        "deploy to also after the loss of a zone."
    ),
    steps=(
        "Compute ceil(percent * min_size / 100): it has to be smaller than min_size.",
        "Lower the configuration's value or raise min_size.",
    ),
    unknown=(
        "An unknown min_size is a violation, unless at most half of the instances have to stay "
        "healthy; an unknown minimum is reported by codedeploy-min-healthy-hosts."
    ),
    check=_possible,
)

RULES = (MIN_HEALTHY_HOSTS, HEALTHY_HOSTS_POSSIBLE)
