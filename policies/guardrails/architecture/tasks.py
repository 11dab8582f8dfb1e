"""Task definitions of containers (ECS): their containers and the ports that these have."""

from __future__ import annotations

import json
from typing import Any

from guardrails.resources import Resource
from guardrails.values import dig, items, number

TASK_KEYS = ("arn", "id", "family")


def containers(task: Resource) -> dict[Any, Any] | None:
    """Return the containers of a task definition by name, `None` where they are not known."""
    given = task.get("containerDefinitions")
    if not isinstance(given, str):
        return None
    try:
        found = json.loads(given)
    except ValueError:
        return None
    return {dig(one, "name"): one for one in found} if isinstance(found, list) else None


def has_port(container: Any, port: float) -> bool:
    """Return whether a container has a port mapping for a port."""
    mapped = items(dig(container, "portMappings"))
    return port in [number(dig(one, "containerPort")) for one in mapped]
