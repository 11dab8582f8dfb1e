"""What breaks the rule about the capacity of containers."""

from __future__ import annotations

from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import KEEPS, breaks, decides

SPOT = {"capacityProvider": "FARGATE_SPOT", "weight": 1}


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
