"""What Amazon ECS would refuse."""

from __future__ import annotations

import json

from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import KEEPS, breaks, decides

TASK = "aws:ecs/taskDefinition:TaskDefinition"

decides(
    "ecs-accepted",
    "tasks",
    "deploymentMaximumPercent",
    absent=KEEPS,
    unknown=KEEPS,
    given=service,
)


def task(stack, **more):
    """Add a task definition for Fargate."""
    given = {
        "family": "web",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": json.dumps(
            [{"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}]}]
        ),
        **more,
    }
    stack.add("task", TASK, {k: v for k, v in given.items() if v is not ...})


@breaks("ecs-accepted")
def deployment_that_can_replace_nothing(stack):
    service(stack, deploymentMaximumPercent=100)


@breaks("ecs-accepted")
def memory_that_fargate_has_not(stack):
    task(stack, memory="512")
