"""Rules about how many instances a deployment leaves in service."""

from __future__ import annotations

import math
from collections.abc import Iterator

from guardrails.architecture import zones
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.fleets import zones_of_group
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack

_DOC = "https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html"


def _capacity(stack: Stack, settings: Settings) -> Iterator[Violation]:
    required = settings.integer("minimumFleetPercent")
    for deployment in stack.derived(Deployments).serving:
        if deployment.minimum.kind != "HOST_COUNT" or deployment.blue_green:
            continue  # a percentage is codedeploy-min-healthy-hosts' to report
        value = deployment.minimum.value
        for group, size, kept in deployment.sizes():
            if not kept or value is None or value >= size or kept * 100 >= size * required:
                continue  # too few or too many: reported where the value itself is wrong
            yield Violation(
                f"{deployment.label} updates {size - kept:g} of {size:g} instances at a time: "
                f"{kept} {'has' if kept == 1 else 'have'} to serve every request, at least "
                f"{math.ceil(size * required / 100)} are required.",
                deployment.resource,
                (
                    deployment.step,
                    f"configuration {deployment.minimum.name} keeps {kept} host(s)",
                    f'Auto Scaling group "{group.name}", min_size {size:g}',
                ),
            )


KEEPS_CAPACITY = StackRule(
    id="codedeploy-keeps-capacity",
    title="The instances that a deployment leaves in service can handle the load",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP03",)},
    url=_DOC,
    remedy=(
        "set minimum_healthy_hosts to type FLEET_PERCENT with at least 50, which grows with the "
        "fleet, or to a HOST_COUNT of at least half of the group's min_size."
    ),
    steps=(
        "Use CodeDeployDefault.HalfAtATime or .OneAtATime, or FLEET_PERCENT in a configuration.",
        "A fixed HOST_COUNT keeps as few instances of a large fleet as of a small one.",
    ),
    unknown=(
        "An unknown min_size or minimum is reported by codedeploy-healthy-hosts-possible and "
        "codedeploy-min-healthy-hosts."
    ),
    parameters={
        "minimumFleetPercent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 50,
            "description": "Percent of the group's min_size that a HOST_COUNT has to keep.",
        }
    },
    check=_capacity,
)


def _without_a_zone(stack: Stack, settings: Settings) -> Iterator[Violation]:
    for deployment in stack.derived(Deployments).serving:
        # A percentage shrinks with the fleet.
        if deployment.minimum.kind != "HOST_COUNT" or deployment.blue_green:
            continue
        for group, size, _ in deployment.sizes():
            spread = zones_of_group(stack, group, settings.mapping("subnetZones"))
            if spread.certain < 2 or not spread.known:
                continue  # asg-multi-az reports it
            left = size - math.ceil(size / spread.certain)
            now, then = deployment.minimum.hosts(size), deployment.minimum.hosts(left)
            if now is None or then is None or now >= size or then < left:
                continue  # codedeploy-healthy-hosts-possible reports what is never possible
            yield Violation(
                f"{deployment.label} has to keep {then} host(s) healthy, but after the loss of a "
                f'zone Auto Scaling group "{group.name}" has {left:g} of {size:g}: neither a fix '
                "nor a rollback could be deployed.",
                deployment.resource,
                (
                    deployment.step,
                    f"configuration {deployment.minimum.name}",
                    f'Auto Scaling group "{group.name}" in {spread.certain} zones',
                ),
            )


WITHOUT_A_ZONE = StackRule(
    id="codedeploy-works-without-a-zone",
    title="A deployment is possible after the loss of a zone",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    # The group launches replacements in the zones that are left, where there is capacity.
    level=Level.ADVISORY,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP05",)},
    url=_DOC,
    remedy=(
        "lower the minimum healthy hosts below what the loss of a zone leaves, or raise the "
        "group's min_size."
    ),
    steps=(
        "Compute what is left: min_size less the share of one zone.",
        "Keep the minimum smaller: best by FLEET_PERCENT, which shrinks with the fleet.",
    ),
    unknown=(
        "Unknown zones and sizes are reported by asg-multi-az and "
        "codedeploy-healthy-hosts-possible."
    ),
    parameters={"subnetZones": zones.PARAMETERS["subnetZones"]},
    check=_without_a_zone,
)

RULES = (KEEPS_CAPACITY, WITHOUT_A_ZONE)
