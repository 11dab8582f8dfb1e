"""Capacity of containers."""

from __future__ import annotations

from tests.policies.mutations.container_capacity import SPOT
from tests.policies.mutations.containers import service
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "ecs-service-on-demand-base"


def on(*strategies, count=2):
    return lambda d: service(
        d, launchType=None, capacityProviderStrategies=list(strategies), desiredCount=float(count)
    )


def fargate(base=0.0, weight=0.0):
    return {"capacityProvider": "FARGATE", "base": base, "weight": weight}


BREAKS: list[tuple[str, object]] = []  # the mutations break it

REFUSED = {RULE: [on(SPOT), on(fargate(), SPOT), on(fargate(weight=1.0), {**SPOT, "weight": 9.0})]}

SPREAD = "ecs-service-spread"
ZONES = {"type": "spread", "field": "attribute:ecs.availability-zone"}
PACKED = {"type": "binpack", "field": "memory"}


def placed(*strategies, **more):
    return lambda d: service(
        d, launchType=None, orderedPlacementStrategies=list(strategies), **more
    )


SOUND = {
    SPREAD: [
        placed(),
        placed(ZONES, PACKED),
        placed(PACKED, placementConstraints=[{"type": "distinctInstance"}]),
        placed(PACKED, schedulingStrategy="DAEMON"),
    ],
    RULE: [
        service,
        on(fargate(base=1.0), SPOT),
        on(fargate(weight=1.0), SPOT),
        on(fargate(weight=1.0)),
        on({"capacityProvider": "hosts", "weight": 1.0}),
    ],
}
