"""The rule about the capacity of containers: what has to be left does not run on Spot only."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.containers import Containers, ContainerService
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import UNKNOWN, dig, items, number

_SPOT = "FARGATE_SPOT"


def _on_demand(service: ContainerService) -> int | None:
    """Return how many tasks are certainly not on Fargate Spot, `None` if that is not known."""
    strategies = items(service.resource.get("capacityProviderStrategies"))
    named = [dig(one, "capacityProvider") for one in strategies]
    if _SPOT not in named or service.tasks.least is None:
        return None
    if UNKNOWN in named:
        return None  # a capacity provider of one's own
    others = [one for one in strategies if dig(one, "capacityProvider") != _SPOT]
    base = sum(number(dig(one, "base")) or 0 for one in others)
    weight = sum(number(dig(one, "weight")) or 0 for one in others)
    total = sum(number(dig(one, "weight")) or 0 for one in strategies)
    left = max(0.0, service.tasks.least - base)
    return int(min(base, service.tasks.least) + (left * weight // total if total else 0))


def _spot(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.derived(Containers).asked:
        certain = _on_demand(service)
        if certain is not None and certain < 1:
            yield Violation(
                f'Service "{service.name}" may run on Fargate Spot only: {certain} of '
                f"{service.tasks.least} tasks are not; when AWS takes its Spot capacity back, none is "
                "left.",
                service.resource,
                (f'service "{service.name}"', f"capacity provider {_SPOT}"),
            )


ON_DEMAND_BASE = StackRule(
    id="ecs-service-on-demand-base",
    title="A service of containers does not run on Fargate Spot only",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP05",)},
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html",
    remedy=(
        "add FARGATE to capacity_provider_strategies of the service, with a base of what has to be "
        "left, for example one per zone."
    ),
    steps=(
        'Add {"capacity_provider": "FARGATE", "base": 2, "weight": 1} to the strategies.',
        "Keep FARGATE_SPOT beside it, with a weight, for what comes above.",
    ),
    unknown="An unknown provider or number of tasks is not judged; of one task, one zone is reported.",
    check=_spot,
)

RULES = (ON_DEMAND_BASE,)
