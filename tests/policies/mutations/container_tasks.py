"""What breaks the rules about tasks: deployments, room and logs."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.container_start import hosted
from tests.policies.mutations.containers import service
from tests.policies.mutations.registry import KEEPS, breaks, decides

CODE_DEPLOY = {"type": "CODE_DEPLOY"}
LOG = {"awslogs-group": "/shop/web", "awslogs-region": "ap-northeast-2"}


def container(**more):
    """Return container definitions."""
    one = {"name": "web", "image": "web:1", "portMappings": [{"containerPort": 8080}]}
    return json.dumps([{**one, **more}])


def sized(stack, **container_more):
    """Add a service whose task needs so much, on hosts of 8 GiB."""
    hosted(stack)
    stack.add(
        "task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {"family": "web", "containerDefinitions": container(**{"memory": 512, **container_more})},
    )
    stack.set("tasks", "taskDefinition", Ref("task", "arn"))
    stack.set("tasks", "networkConfiguration", ...)


def logging(stack, **options):
    """Add a log group, and a task that writes into it."""
    written = {"logDriver": "awslogs", "options": {**LOG, **options}}
    stack.add(
        "task-log",
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "/shop/web", "retentionInDays": 30},
    )
    stack.add(
        "task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "family": "web",
            "networkMode": "awsvpc",
            "containerDefinitions": container(memory=512, logConfiguration=written),
        },
    )


@breaks("ecs-code-deploy-deploys")
def tasks_left_to_codedeploy_alone(stack):
    service(stack, deploymentController=CODE_DEPLOY)


@breaks("ecs-task-fits-host")
def tasks_as_large_as_their_host(stack):
    sized(stack, memory=8192)


@breaks("ecs-task-fits-host")
def tasks_of_more_processors_than_their_host(stack):
    sized(stack, cpu=4096)


@breaks("ecs-logs-arrive")
def tasks_log_into_another_region(stack):
    logging(stack, **{"awslogs-region": "us-east-1"})


@breaks("ecs-logs-arrive")
def tasks_log_into_a_group_misspelled(stack):
    logging(stack, **{"awslogs-group": "/shop/Web"})


decides(
    "ecs-code-deploy-deploys",
    "tasks",
    "deploymentController",
    absent=KEEPS,
    unknown=KEEPS,
    given=service,
)
decides(
    "ecs-task-fits-host",
    "task",
    "containerDefinitions",
    absent=KEEPS,
    unknown=KEEPS,
    given=sized,
)
decides(
    "ecs-logs-arrive", "task", "containerDefinitions", absent=KEEPS, unknown=KEEPS, given=logging
)


@breaks("ecs-task-fits-host")
def more_tasks_than_hosts_have_ports(stack):
    sized(stack, portMappings=[{"containerPort": 8080, "hostPort": 8080}])
    stack.set("tasks", "desiredCount", 5)
