"""What Amazon ECS refuses."""

from __future__ import annotations

import json

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


WEB = '[{"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}], %s}]'


def container(**more):
    """One container with further settings."""
    return defined(containerDefinitions=WEB % json.dumps(more)[1:-1])


def shell(**more):
    """A service with a shell into its tasks."""

    def change(draft):
        service(draft, taskDefinition=Ref("task", "arn"), enableExecuteCommand=True)
        task(draft, **more)

    return change


def hosts(protection, *, scaling="ENABLED", protected=False):
    """A capacity provider on the fleet."""
    given = {
        "autoScalingGroupArn": Ref("group", "arn"),
        "managedScaling": {"status": scaling},
        "managedTerminationProtection": protection,
    }
    kind = "aws:ecs/capacityProvider:CapacityProvider"
    return lambda d: d.set("group", "protectFromScaleIn", protected).add(
        "hosts", kind, {"autoScalingGroupProvider": given}
    )


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
        defined(
            containerDefinitions=json.dumps(
                [{"name": "web", "image": "web:1", "portMappings": [{"containerPort": 80}]}]
            )
        ),
        defined(containerDefinitions='[{"name": "web", "image": "web:1"}]'),
        defined(networkMode="bridge"),
        defined(networkMode=...),
        defined(cpu="300"),
        defined(memory="8192"),
        limits(4.0, 2.0),
        container(memory=4096),
        container(memoryReservation=4096),
        container(privileged=True),
        shell(),
        hosts("ENABLED"),
        hosts("ENABLED", scaling="DISABLED", protected=True),
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
        limits(2.0, 2.0),
        limits(UNKNOWN, 2.0),
        container(memory=256),
        shell(taskRoleArn="arn:aws:iam::123456789012:role/task"),
        hosts("ENABLED", protected=True),
        hosts("DISABLED"),
    ]
}
