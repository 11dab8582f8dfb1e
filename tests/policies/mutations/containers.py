"""What breaks the rules about services of containers."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides
from tests.policies.mutations.routing import add_rule, empty_group

BOTH = [Ref("subnet-a"), Ref("subnet-b")]


def service(stack, *, subnets=BOTH, **more):
    """Let a service of containers answer for one path."""
    empty_group(stack, "boxes", "ip")
    action = {"type": "forward", "targetGroupArn": Ref("boxes", "arn")}
    add_rule(stack, "to-boxes", action, [{"pathPattern": {"values": ["/boxes/*"]}}])
    given = {
        "name": "tasks",
        "launchType": "FARGATE",
        "desiredCount": 2,
        "healthCheckGracePeriodSeconds": 60,
        "networkConfiguration": {"subnets": subnets, "securityGroups": [Ref("instances-group")]},
        "loadBalancers": [
            {"targetGroupArn": Ref("boxes", "arn"), "containerName": "web", "containerPort": 8080}
        ],
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        **more,
    }
    stack.add("tasks", "aws:ecs/service:Service", given)


decides(
    "ecs-service-multi-az",
    "tasks",
    "networkConfiguration.subnets",
    absent=KEEPS,
    unknown=BREAKS,
    given=service,
)
decides(
    "ecs-service-survives-zone-loss",
    "tasks",
    "desiredCount",
    absent=BREAKS,
    unknown=BREAKS,
    given=service,
)
decides(
    "ecs-service-keeps-tasks",
    "tasks",
    "deploymentMinimumHealthyPercent",
    absent=KEEPS,
    unknown=KEEPS,
    given=service,
)


@breaks("ecs-service-multi-az")
def tasks_in_one_zone(stack):
    service(stack, subnets=[Ref("subnet-a")])


@breaks("ecs-service-survives-zone-loss")
def one_task(stack):
    service(stack, desiredCount=1)


@breaks("ecs-service-survives-zone-loss")
def tasks_that_scale_down_to_one(stack):
    service(stack)
    stack.set("tasks", "desiredCount", ...)
    stack.add(
        "limits",
        "aws:appautoscaling/target:Target",
        {
            "serviceNamespace": "ecs",
            "scalableDimension": "ecs:service:DesiredCount",
            "resourceId": "service/shop/tasks",
            "minCapacity": 1,
            "maxCapacity": 8,
        },
    )


@breaks("ecs-service-keeps-tasks")
def all_tasks_replaced_at_once(stack):
    service(stack, deploymentMinimumHealthyPercent=0)
