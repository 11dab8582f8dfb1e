"""What Amazon ECS refuses."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_containers import task
from tests.policies.mutations.containers import service
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

RULE = "ecs-accepted"
TARGET = "aws:appautoscaling/target:Target"


def tasks(**more):
    return lambda d: service(d, **more)


def defined(**more):
    """Tasks, and a task definition."""

    def change(draft):
        service(draft, taskDefinition=Ref("task", "arn"))
        task(draft, **more)

    return change


def limits(least, most):
    return lambda d: d.add("further", TARGET, {"minCapacity": least, "maxCapacity": most})


BREAKS: list[tuple[str, object]] = []  # the mutations break it

REFUSED = {
    RULE: [
        tasks(orderedPlacementStrategies=[{"type": "binpack", "field": "cpu"}]),
        tasks(placementConstraints=[{"type": "distinctInstance"}]),
        tasks(deploymentMaximumPercent=100.0, deploymentMinimumHealthyPercent=100.0),
        defined(
            containerDefinitions='[{"name": "shop", "portMappings": [{"containerPort": 8080}]}]'
        ),
        defined(containerDefinitions='[{"name": "web", "portMappings": [{"containerPort": 80}]}]'),
        defined(containerDefinitions='[{"name": "web"}]'),
        defined(networkMode="bridge"),
        defined(networkMode=...),
        defined(cpu="300"),
        defined(memory="8192"),
        limits(4.0, 2.0),
    ]
}

SOUND = {
    RULE: [
        tasks(),
        tasks(launchType=None, orderedPlacementStrategies=[{"type": "spread", "field": "host"}]),
        tasks(deploymentMaximumPercent=100.0, deploymentMinimumHealthyPercent=50.0),
        tasks(deploymentMaximumPercent=100.0, deploymentController={"type": "CODE_DEPLOY"}),
        defined(),
        defined(cpu="4096", memory="30720"),
        defined(requiresCompatibilities=["EC2"], networkMode="bridge", memory="8192"),
        defined(containerDefinitions=UNKNOWN),
        defined(containerDefinitions="no JSON"),
        limits(2.0, 2.0),
        limits(UNKNOWN, 2.0),
    ]
}
