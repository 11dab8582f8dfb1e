"""Rules that hold services of containers (ECS) to what a fleet of instances keeps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import MappingProxyType

from availability.zones import too_few_left

from guardrails.architecture import zones
from guardrails.architecture.containers import Containers, ContainerService
from guardrails.model import Parameters, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import is_absent, number

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_NEEDED = "tasksAfterZoneLoss"
_NEED: Parameters = MappingProxyType(
    {
        _NEEDED: {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": (
                "Tasks of each service behind a load balancer that have to be left after the loss of "
                "any zone: what your load needs then."
            ),
        }
    }
)


def _serving(stack: Stack) -> Iterator[tuple[ContainerService, ...]]:
    """Yield the services that get requests, those that share a target group together."""
    left = list(stack.derived(Containers).asked)
    while left:
        first = left.pop(0)
        beside = [one for one in left if set(one.targets.any) & set(first.targets.any)]
        left = [one for one in left if one not in beside]
        yield (first, *beside)


def _names(services: tuple[ContainerService, ...]) -> str:
    names = " and ".join(f'"{one.name}"' for one in services)
    return f"Services {names} together" if len(services) > 1 else f"Service {names}"


# --- zones ----------------------------------------------------------------------------------------


def _multi_az(stack: Stack, settings: Settings) -> Iterator[Violation]:
    outside = settings.mapping("subnetZones")
    for services in _serving(stack):
        spreads = [one.zones(outside) for one in services]
        if any(one is zones.NOTHING for one in spreads):
            continue  # they run on instances that are not of this stack
        found = zones.shortfall(
            zones.together(spreads),
            services[0].resource,
            _names(services),
            settings.integer("minimumZones"),
        )
        if found is not None:
            yield found


MULTI_AZ = StackRule(
    id="ecs-service-multi-az",
    title="An ECS service spans several Availability Zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Trusted Advisor": ("Amazon ECS service using a single AZ",),
        "Well-Architected": ("REL10-BP01", "REL11-BP02"),
    },
    url=f"{_ECS}service-rebalancing.html",
    remedy=(
        "give network_configuration.subnets of the service, or the Auto Scaling group of its "
        "capacity provider, subnets in different zones."
    ),
    steps=(
        "Pass one subnet per Availability Zone to network_configuration.subnets.",
        "For tasks on instances, give their Auto Scaling group subnets in several zones.",
        "For subnets of another stack, list their zones in this rule's parameter subnetZones.",
    ),
    unknown=(f"{zones.UNKNOWN_MEANS} A service on instances of another stack is not judged."),
    parameters=zones.PARAMETERS,
    check=_multi_az,
)


# --- number of tasks ------------------------------------------------------------------------------


def _zone_loss(stack: Stack, settings: Settings) -> Iterator[Violation]:
    need = settings.integer(_NEEDED)
    for services in _serving(stack):
        counted = [one for one in services if not one.on_every_instance]
        spanned = max((one.zones().possible for one in services), default=2)
        if not counted or len(counted) < len(services) or spanned == 1:
            continue  # as many as there are instances; ecs-service-multi-az reports one zone
        unknown = next((one for one in counted if one.tasks.least is None), None)
        if unknown is not None:
            tasks = unknown.tasks
            yield Violation(
                f'how many tasks of service "{unknown.name}" run is not known: '
                f"{', '.join(tasks.steps)}.",
                tasks.resource,
                (f'service "{unknown.name}"', *tasks.steps),
                "give the number as one that the program knows.",
                undecided=True,
            )
            continue
        left = sum(one.after_zone_loss() or 0 for one in counted)
        problem = too_few_left(left, need)
        if problem is not None:
            least = min(counted, key=lambda one: one.tasks.least or 0)
            running = sum(one.tasks.least or 0 for one in counted)
            yield Violation(
                f"{_names(services)} may run {running} task{'' if running == 1 else 's'}: {problem}.",
                least.tasks.resource,
                (*(f'service "{one.name}"' for one in counted), *least.tasks.steps),
                f"set {_setting(least)} to {max(2, need * 2)} or more.",
            )


def _setting(service: ContainerService) -> str:
    return service.tasks.steps[0].rpartition(", ")[2].partition(" ")[0]


SURVIVES = StackRule(
    id="ecs-service-survives-zone-loss",
    title="Enough tasks are left after the loss of any zone",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP05", "REL10-BP01")},
    url="https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_withstand_component_failures_static_stability.html",
    remedy="run two tasks or more: desired_count, or min_capacity of the scaling.",
    steps=(
        "Set desired_count to two or more, and to what the load needs without a zone.",
        "Where the service scales, set min_capacity of its aws.appautoscaling.Target so.",
        "Keep both in scheduled actions.",
    ),
    unknown=(
        "A count that is not known is not decidable; one that is left out is the provider's "
        "default, 0, unless a scalable target sets a minimum."
    ),
    parameters=_NEED,
    check=_zone_loss,
)


# --- during a deployment --------------------------------------------------------------------------


def _kept(stack: Stack, settings: Settings) -> Iterator[Violation]:
    least = settings.integer("minimumHealthyPercent")
    for services in _serving(stack):
        for service in services:
            given = service.resource.setting("deploymentMinimumHealthyPercent")
            percent = number(given)
            if is_absent(given) or percent is None or percent >= least:
                continue
            count = service.tasks.least
            kept = "" if not count else f", {math.ceil(count * percent / 100)} of {count} tasks"
            yield Violation(
                f'Service "{service.name}" keeps only {percent:g} % of its tasks{kept}, while it '
                f"deploys (deployment_minimum_healthy_percent); at least {least} % are required.",
                service.resource,
            )


KEEPS_TASKS = StackRule(
    id="ecs-service-keeps-tasks",
    title="Enough tasks stay in service during an ECS deployment",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05", "OPS06-BP03")},
    url=f"{_ECS}deployment-type-ecs.html",
    remedy="set deployment_minimum_healthy_percent to 100, the default, or leave it out.",
    steps=("Set deployment_minimum_healthy_percent=100: new tasks start before old ones stop.",),
    unknown="An unknown or absent percentage is the documented default, 100.",
    parameters={
        "minimumHealthyPercent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 50,
            "description": "Percent of the tasks that have to stay in service.",
        }
    },
    check=_kept,
)

RULES = (MULTI_AZ, SURVIVES, KEEPS_TASKS)
