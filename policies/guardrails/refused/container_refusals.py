"""What Amazon ECS refuses of containers and of Fargate: part of `ecs-accepted`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.tasks import definitions, is_fargate, listed_containers
from guardrails.refusals import JointRefusal, alone, between
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_API: Final = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_TASK: Final = f"{_API}API_RegisterTaskDefinition.html"
_CONTAINER: Final = f"{_API}API_ContainerDefinition.html"
_LONGEST_STOP: Final = 120
_ENDED: Final = ("COMPLETE", "SUCCESS")


def _ended(task: Resource) -> Iterator[str]:
    """Find a container that others wait to end, and with whose end the whole task ends."""
    listed = listed_containers(task) or ()
    by_name = {dig(one, "name"): one for one in listed}
    for one in listed:
        for waits in items(dig(one, "dependsOn")):
            name = dig(waits, "containerName")
            other = by_name.get(name)
            # What the definition leaves out is essential.
            essential = other is not None and dig(other, "essential") in (None, True)
            if dig(waits, "condition") in _ENDED and essential:
                yield (
                    f"container {show(dig(one, 'name'))} waits until {show(name)} has ended, which is "
                    "essential: with it the task ends"
                )


def _slow_stop(task: Resource) -> Iterator[str]:
    for one in listed_containers(task) or () if is_fargate(task) else ():
        seconds = number(dig(one, "stopTimeout"))
        if seconds is not None and seconds > _LONGEST_STOP:
            yield f"container {show(dig(one, 'name'))} has a stopTimeout of {seconds:g} s on Fargate"


def _links(task: Resource) -> Iterator[str]:
    if task.get("networkMode") != "awsvpc":
        return
    for one in listed_containers(task) or ():
        if not is_absent(dig(one, "links")):
            yield f'container {show(dig(one, "name"))} has links, and network_mode is "awsvpc"'


def _volumes(task: Resource) -> Iterator[str]:
    for one in items(task.get("volumes")) if is_fargate(task) else ():
        if not is_absent(dig(one, "dockerVolumeConfiguration")):
            yield f"volume {show(dig(one, 'name'))} is one of Docker, on Fargate"
        elif not is_absent(dig(one, "hostPath")):
            yield f"volume {show(dig(one, 'name'))} has a host_path, on Fargate"


def _daemon(stack: Stack, service: Resource) -> str | None:
    if service.get("schedulingStrategy") != "DAEMON":
        return None
    fargate = service.get("launchType") == "FARGATE" or any(
        str(dig(one, "capacityProvider")).startswith("FARGATE")
        for one in items(service.get("capacityProviderStrategies"))
    )
    tasks = definitions(stack, service).resources
    if fargate or (tasks and all(map(is_fargate, tasks)) and _launched(service) is None):
        return 'scheduling_strategy is "DAEMON", on Fargate'
    return None


def _launched(service: Resource) -> Any:
    given = service.setting("launchType")
    return None if is_absent(given) or given is UNKNOWN else given


TABLE = (
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: the conditions COMPLETE and SUCCESS can't be set on an essential container."
        ),
        source=f"{_API}API_ContainerDependency.html",
        remedy='set "essential" to false in container_definitions for what runs once before the service.',
        find=alone(_ended),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: for tasks that use Fargate, the maximum stopTimeout is 120 seconds.",
        source=_CONTAINER,
        remedy="set stopTimeout in container_definitions to 120 or less.",
        find=alone(_slow_stop),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Links are not supported when networkMode=awsvpc.",
        source=_CONTAINER,
        remedy=(
            "remove links from container_definitions: containers of a task reach each other at localhost."
        ),
        find=alone(_links),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Docker volumes and host paths are not supported on Fargate.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/docker-volumes.html",
        remedy="give the volume an efs_volume_configuration, or leave only its name.",
        find=alone(_volumes),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: ephemeralStorage.sizeInGiB is 21 to 200.",
        source=f"{_API}API_EphemeralStorage.html",
        remedy="set size_in_gib of ephemeral_storage to 21 to 200, or leave it out for 20.",
        find=alone(between("ephemeralStorage.sizeInGib", 21, 200)),
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says="InvalidParameterException: Fargate tasks don't support the DAEMON scheduling strategy.",
        source=f"{_API}API_CreateService.html",
        remedy="leave scheduling_strategy out, and set desired_count.",
        find=_daemon,
    ),
)
"""Appended to the table of `ecs-accepted`."""
