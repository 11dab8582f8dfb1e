"""The rule about health-check timing against deployment and grace-period timeouts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from availability.target_groups import LONGEST_DELAY, never_healthy

from guardrails.architecture.fleets import Fleets
from guardrails.architecture.target_timing import (
    Seconds,
    grace_period,
    healthy_after,
    leaves_after,
)
from guardrails.architecture.targets import Targets
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack


def _slow(stack: Stack, settings: Settings) -> Iterator[Violation]:
    timeout = settings.integer("deploymentTimeoutSeconds")
    for group in stack.derived(Targets).serving_fleets():
        for targets in stack.derived(Fleets).of(group).target_groups:
            healthy = healthy_after(targets)
            leaving = leaves_after(targets)
            if leaving.value > LONGEST_DELAY:
                continue  # AWS refuses it: tg-accepted
            grace = grace_period(group)
            for problem in _problems(group, healthy, leaving, grace, timeout):
                yield Violation(f'Target group "{targets.name}": {problem}', targets)


def _problems(
    group: Resource, healthy: Seconds, leaving: Seconds, grace: Seconds, timeout: int
) -> Iterator[Any]:
    unknown = healthy.unknown or leaving.unknown or grace.unknown
    step = leaving.value + healthy.value
    if unknown:
        yield f"how long a deployment step takes is not known: {unknown}."
    elif never := never_healthy(healthy.value, grace.value):
        yield f'{never} by Auto Scaling group "{group.name}" (health_check_grace_period).'
    elif step > timeout:
        yield (
            f"a deployment step takes {step:g} s ({leaving.value:g} s to deregister, "
            f"{healthy.value:g} s to become healthy again), longer than the deployment's timeout of "
            f"{timeout} s."
        )


HEALTH_CHECK_TIMING = StackRule(
    id="codedeploy-health-check-timing",
    title="Health checks pass before the deployment and grace-period timeouts",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05", "REL11-BP03")},
    url="https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-elastic-load-balancing.html",
    remedy=(
        "shorten the target group's health_check interval, healthy_threshold or "
        "deregistration_delay, or lengthen the group's health_check_grace_period."
    ),
    steps=(
        "Set health_check.interval=10 and healthy_threshold=2: healthy after 20 s.",
        "Set deregistration_delay to the duration of your longest request, not the default of 300.",
        "Set health_check_grace_period to boot time plus first deployment, e.g. 600.",
    ),
    unknown=(
        "An unknown interval, threshold, delay or grace period is a violation; an absent one "
        "is the documented default. A health check that is unknown as a whole is reported by "
        "tg-health-check-defined."
    ),
    parameters={
        "deploymentTimeoutSeconds": {
            "type": "integer",
            "minimum": 1,
            "default": 3600,
            "description": (
                "Seconds that a deployment may wait for one instance to deregister and become "
                "healthy again; CodeDeploy itself gives up after an hour."
            ),
        }
    },
    check=_slow,
)

RULES = (HEALTH_CHECK_TIMING,)
