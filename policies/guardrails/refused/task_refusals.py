"""What Amazon ECS refuses about names, images and sizes in task definitions: part of `ecs-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from guardrails import tokens
from guardrails.architecture.policy_documents import is_json
from guardrails.architecture.tasks import is_fargate, listed_containers
from guardrails.refusals import JointRefusal, alone, matching
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items, show

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_TASK = f"{_API}API_RegisterTaskDefinition.html"
_CONTAINER = f"{_API}API_ContainerDefinition.html"
_FORM: Final = r"[A-Za-z0-9_-]+"
_LONGEST: Final = 255


def _no_list(task: Resource) -> str | None:
    given = task.get("containerDefinitions")
    if not isinstance(given, str) or not given:
        return None
    if not is_json(given):
        return f"container_definitions begins with {show(given[:20])} and is not JSON"
    found = listed_containers(task)
    if found is None:
        return "container_definitions is JSON, but no list"
    return None if found else "container_definitions is an empty list"


def _names(task: Resource) -> Iterator[str]:
    names = [dig(one, "name") for one in listed_containers(task) or ()]
    for name in dict.fromkeys(names):
        if is_absent(name):
            yield "a container has no name"
        elif isinstance(name, str) and not re.fullmatch(_FORM, name):
            yield f"a container's name is {show(name)}"
        elif isinstance(name, str) and len(name) > _LONGEST:
            yield f"a container's name has {len(name)} characters"
        elif names.count(name) > 1:
            yield f"{names.count(name)} containers have the name {show(name)}"


def _imageless(task: Resource) -> Iterator[str]:
    for one in listed_containers(task) or ():
        if isinstance(one, dict) and is_absent(one.get("image")):
            yield f"container {show(one.get('name'))} has no image"


def _boundless(task: Resource) -> Iterator[str]:
    """Find a container on instances of which neither it nor its task says how much memory it has."""
    if is_fargate(task) or not is_absent(task.get("memory")):
        return
    for one in listed_containers(task) or ():
        if all(is_absent(dig(one, name)) for name in ("memory", "memoryReservation")):
            yield f"container {show(dig(one, 'name'))} has no memory, nor has the task"


def _dependencies(task: Resource) -> Iterator[str]:
    """Find a container that waits for one that is not there, or whose health nothing tells."""
    listed = listed_containers(task) or ()
    by_name = {dig(one, "name"): one for one in listed}
    for one in listed:
        for waits in items(dig(one, "dependsOn")):
            name, condition = dig(waits, "containerName"), dig(waits, "condition")
            if isinstance(name, str) and name not in by_name:
                yield f"container {show(dig(one, 'name'))} depends on {show(name)}, which it has not"
            elif condition == "HEALTHY" and is_absent(dig(by_name.get(name), "healthCheck")):
                yield (
                    f"container {show(dig(one, 'name'))} waits until {show(name)} is HEALTHY, which has "
                    "no healthCheck"
                )


def _volumes(task: Resource) -> Iterator[str]:
    given = task.get("volumes")
    names = [dig(one, "name") for one in items(given)]
    if given is UNKNOWN or UNKNOWN in names:
        return
    for one in listed_containers(task) or ():
        for mounted in items(dig(one, "mountPoints")):
            name = dig(mounted, "sourceVolume")
            if isinstance(name, str) and name not in names:
                yield f"container {show(dig(one, 'name'))} mounts volume {show(name)}, which it has not"


_NEEDED_BY_LOGS: Final = ("awslogs-group", "awslogs-region")


def _log_options(task: Resource) -> Iterator[str]:
    for one in listed_containers(task) or ():
        given = dig(one, "logConfiguration")
        if dig(given, "logDriver") == "awslogs":
            missing = [name for name in _NEEDED_BY_LOGS if is_absent(dig(given, "options", name))]
            if missing:
                yield f"container {show(dig(one, 'name'))} logs by awslogs without {missing[0]}"


def _dimension(target: Resource) -> Iterator[str]:
    """Find what a scalable target scales in another service than its own."""
    service, dimension = target.get("serviceNamespace"), target.get("scalableDimension")
    if not isinstance(service, str) or not isinstance(dimension, str):
        return
    if service and dimension and not dimension.startswith(f"{service}:"):
        yield f"service_namespace is {show(service)}, scalable_dimension {show(dimension)}"


TABLE = (
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: a container depends on containers of its task, and on the HEALTHY ones only "
            "where these have a health check."
        ),
        source=f"{_API}API_ContainerDependency.html",
        remedy=(
            "correct containerName in dependsOn; give the other container a healthCheck, or set condition "
            'to "START".'
        ),
        find=alone(_dependencies),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Unknown volume: sourceVolume is the name of a volume of the task.",
        source=f"{_API}API_MountPoint.html",
        remedy="add the volume to volumes of the task definition, or correct sourceVolume.",
        find=alone(_volumes),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Log driver awslogs requires options: awslogs-region, awslogs-group.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html",
        remedy="set awslogs-group and awslogs-region in options of the container's logConfiguration.",
        find=alone(_log_options),
    ),
    JointRefusal(
        types=tokens.SCALABLE_TARGET,
        says="ValidationException: Unsupported service namespace, resource type or scalable dimension.",
        source=(
            "https://docs.aws.amazon.com/autoscaling/application/APIReference/"
            "API_RegisterScalableTarget.html"
        ),
        remedy=(
            "set scalable_dimension to one of service_namespace, for example ecs:service:DesiredCount."
        ),
        find=alone(_dimension),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Family contains invalid characters: up to 255 letters, digits, - and _.",
        source=_TASK,
        remedy="set family to letters, digits, - and _ only.",
        find=alone(matching("family", _FORM, _LONGEST)),
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says="InvalidParameterException: ServiceName: up to 255 letters, digits, - and _.",
        source=f"{_API}API_CreateService.html",
        remedy="set name to letters, digits, - and _ only.",
        find=alone(matching("name", _FORM, _LONGEST)),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: container_definitions is a JSON list of one container or more.",
        source=_TASK,
        remedy="write container_definitions by json.dumps of a list.",
        find=alone(_no_list),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: Container.name: each container of a task has a name of its own, up to 255 "
            "letters, digits, - and _."
        ),
        source=_CONTAINER,
        remedy="give each container in container_definitions a name of its own.",
        find=alone(_names),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Container.image should not be null or empty.",
        source=_CONTAINER,
        remedy="set image of each container in container_definitions.",
        find=alone(_imageless),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: Invalid setting for container. At least one of 'memory' or "
            "'memoryReservation' must be specified."
        ),
        source=_CONTAINER,
        remedy="set memory of the task, or of each container in container_definitions.",
        find=alone(_boundless),
    ),
)
"""Appended to the table of `ecs-accepted`."""
