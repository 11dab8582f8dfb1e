"""What breaks the rule about the capacity of containers."""

from __future__ import annotations

from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import KEEPS, breaks, decides

SPOT = {"capacityProvider": "FARGATE_SPOT", "weight": 1}


def on_hosts(stack, **more):
    """Let a service run on instances of another stack."""
    service(stack, launchType=None, **more)


@breaks("ecs-service-on-demand-base")
def every_task_on_spot(stack):
    service(stack, launchType=None, capacityProviderStrategies=[SPOT])


decides(
    "ecs-service-on-demand-base",
    "tasks",
    "capacityProviderStrategies",
    absent=KEEPS,
    unknown=KEEPS,
    given=service,
)


decides(
    "ecs-service-spread",
    "tasks",
    "orderedPlacementStrategies",
    absent=KEEPS,
    unknown=KEEPS,
    given=on_hosts,
)


@breaks("ecs-service-spread")
def tasks_packed(stack):
    on_hosts(stack, orderedPlacementStrategies=[{"type": "binpack", "field": "memory"}])


@breaks("ecs-service-spread")
def tasks_at_random(stack):
    on_hosts(stack, orderedPlacementStrategies=[{"type": "random"}])
