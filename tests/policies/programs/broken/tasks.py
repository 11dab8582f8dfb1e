"""Containers and functions that an engineer in a hurry gets wrong."""

from __future__ import annotations

import json

from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)

FARGATE = "containers_on_fargate"


def containers(port: int = 8080, name: str = "web") -> str:
    return json.dumps([{"name": name, "image": "web:1", "portMappings": [{"containerPort": port}]}])


@broken(FARGATE, (SERVE, DEPLOY))
def tasks_that_cannot_fetch_their_image(edit: Edit) -> None:
    """In public subnets, without public addresses: nothing leads out."""
    subnets = [Ref("public-a"), Ref("public-b")]
    edit.set(
        "service", "networkConfiguration", {"subnets": subnets, "securityGroups": [Ref("app")]}
    )


@broken(FARGATE, (SERVE, DEPLOY))
def tasks_in_subnets_without_a_way_out(edit: Edit) -> None:
    edit.drop("private-out-a", "private-out-b")


@broken(FARGATE, (DEPLOY, VALID))
def tasks_that_can_never_be_replaced(edit: Edit) -> None:
    """All stay, and none may come."""
    edit.set("service", "deploymentMinimumHealthyPercent", 100)
    edit.set("service", "deploymentMaximumPercent", 100)


@broken(FARGATE, (VALID, SERVE))
def port_that_the_containers_do_not_have(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", containers(3000))


@broken(FARGATE, (VALID, SERVE))
def container_of_another_name(edit: Edit) -> None:
    edit.set("task", "containerDefinitions", containers(name="shop"))


@broken(FARGATE, VALID)
def fargate_by_a_bridge(edit: Edit) -> None:
    edit.set("task", "networkMode", "bridge")


@broken(FARGATE, VALID)
def more_memory_than_fargate_has(edit: Edit) -> None:
    """Half a CPU has 1 to 4 GB."""
    edit.set("task", "memory", "8192")


@broken(FARGATE, VALID)
def fargate_with_a_placement(edit: Edit) -> None:
    edit.set(
        "service",
        "orderedPlacementStrategies",
        [{"type": "spread", "field": "attribute:ecs.availability-zone"}],
    )


@broken(FARGATE, (SERVE, SURVIVE))
def service_scaled_to_nothing(edit: Edit) -> None:
    edit.set("service", "desiredCount", 0)


@broken("containers_that_scale", VALID)
def tasks_with_a_minimum_above_the_maximum(edit: Edit) -> None:
    edit.set("limits", "minCapacity", 12)


@broken("containers_that_scale", (SURVIVE, SERVE))
def tasks_switched_off_at_the_weekend(edit: Edit) -> None:
    edit.set("night", "schedule", "cron(0 20 ? * FRI *)")
    edit.set("night", "scalableTargetAction", {"minCapacity": 0, "maxCapacity": 0})


@broken("lambda_behind_the_balancer", (VALID, SERVE))
def function_in_a_group_of_instances(edit: Edit) -> None:
    edit.set("function-targets", "targetType", "instance")
    edit.set("function-targets", "port", 8080)
    edit.set("function-targets", "protocol", "HTTP")
    edit.set("function-targets", "vpcId", Ref("vpc"))
    edit.set("function-targets", "healthCheck", {"protocol": "HTTP", "path": "/", "interval": 10})


@broken("containers_that_scale", SERVE, "elb-reaches-targets")
def containers_on_a_port_that_is_closed(edit: Edit) -> None:
    """Task definition and service say 8080; the security group still admits 3000."""
    edit.set("task", "containerDefinitions", containers(8080))
    edit.set("service", "loadBalancers.0.containerPort", 8080)
