"""Task definitions of containers (ECS): their containers and the ports that these have."""

from __future__ import annotations

from typing import Any

from guardrails import tokens
from guardrails.architecture.policy_documents import parsed
from guardrails.resources import References, Resource, Stack
from guardrails.values import dig, items, number

TASK_KEYS = ("arn", "id", "family")
CLUSTER_KEYS = ("name", "arn", "id")


def definitions(stack: Stack, service: Resource) -> References:
    """Return the task definitions that a service refers to."""
    return stack.references(service, "taskDefinition", tokens.TASK_DEFINITION, TASK_KEYS)


def cluster_of(stack: Stack, service: Resource) -> Resource | None:
    """Return the cluster of a service, if it is certainly one of this stack."""
    found = stack.references(service, "cluster", tokens.CONTAINER_CLUSTER, CLUSTER_KEYS)
    return found.resources[0] if len(found.resources) == 1 and found.complete else None


def containers(task: Resource) -> dict[Any, Any] | None:
    """Return the containers of a task definition by name, `None` where they are not known."""
    found = listed_containers(task)
    return None if found is None else {dig(one, "name"): one for one in found}


def listed_containers(task: Resource) -> list[Any] | None:
    """Return the containers of a task definition as they are written, `None` where they are not known."""
    found = parsed(task.get("containerDefinitions"))
    return found if isinstance(found, list) else None


def is_fargate(task: Resource) -> bool:
    """Return whether a task definition is one for Fargate."""
    return "FARGATE" in items(task.get("requiresCompatibilities"))


def has_port(container: Any, port: float) -> bool:
    """Return whether a container has a port mapping for a port."""
    mapped = items(dig(container, "portMappings"))
    return port in [number(dig(one, "containerPort")) for one in mapped]


def host_ports(task: Resource) -> tuple[float, ...]:
    """Return the ports of its host that a task takes: another one with them needs another host.

    None where ECS chooses the port (host port 0), and where tasks have addresses of their own.
    """
    mode = "bridge" if task.left_out("networkMode") else task.get("networkMode")
    if mode not in ("bridge", "host"):
        return ()
    prop = "containerPort" if mode == "host" else "hostPort"
    found = (
        number(dig(one, prop))
        for container in listed_containers(task) or ()
        for one in items(dig(container, "portMappings"))
    )
    return tuple(port for port in found if port)
