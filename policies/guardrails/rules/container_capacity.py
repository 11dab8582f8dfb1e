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
        return None  # a custom capacity provider
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
    title="An ECS service does not run on Fargate Spot only",
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

_SPREAD = "spread"


def _packed(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.derived(Containers).asked:
        strategies = items(service.resource.get("orderedPlacementStrategies"))
        first = dig(strategies[0], "type") if strategies else None
        apart = any(
            dig(one, "type") == "distinctInstance"
            for one in items(service.resource.get("placementConstraints"))
        )
        if not isinstance(first, str) or first.lower() == _SPREAD or apart:
            continue
        if service.on_every_instance or service.on_fargate:
            continue  # a daemon has no strategy, and ecs-accepted refuses it on Fargate
        field = dig(strategies[0], "field")
        shown = f"{first} by {field}" if isinstance(field, str) and field else first
        yield Violation(
            f'Nothing spreads the tasks of service "{service.name}": its first placement strategy is '
            f"{shown}, so that one instance, in one zone, may run all of them.",
            service.resource,
            (f'service "{service.name}"', f"ordered_placement_strategies: {shown}"),
        )


SPREAD_OUT = StackRule(
    id="ecs-service-spread",
    title="The tasks of a service are spread over zones before they are packed",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Trusted Advisor": ("Amazon ECS Multi-AZ placement strategy",),
        "Well-Architected": ("REL10-BP01", "REL11-BP05"),
    },
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-strategies.html",
    remedy=(
        'let ordered_placement_strategies begin with type "spread" and field '
        '"attribute:ecs.availability-zone", or leave it out: ECS then spreads over the zones.'
    ),
    steps=(
        'Put {"type": "spread", "field": "attribute:ecs.availability-zone"} before the others.',
        "Keep binpack after it: within a zone tasks are packed then.",
    ),
    unknown="An unknown strategy is not judged; without one ECS spreads over the zones.",
    check=_packed,
)

RULES = (ON_DEMAND_BASE, SPREAD_OUT)
