"""Rules about tasks: something deploys them, a host has room for them, and their log exists."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.containers import Containers, ContainerService
from guardrails.architecture.instance_sizes import Size, size_of
from guardrails.architecture.regions import Regions
from guardrails.architecture.tasks import (
    containers,
    definitions,
    host_ports,
    listed_containers,
)
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.rules.deployment_targets import near
from guardrails.values import dig, is_absent, is_true, number, show

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

# --- deployments ----------------------------------------------------------------------------------


def _undeployed(stack: Stack, _: Settings) -> Iterator[Violation]:
    groups = [
        one for one in stack.of(tokens.DEPLOYMENT_GROUP) if not is_absent(one.get("ecsService"))
    ]
    deployed = {
        service
        for group in groups
        for service in stack.references(
            group, "ecsService", tokens.CONTAINER_SERVICE, ("name",), value=_name(group)
        ).any
    }
    for service in stack.of(tokens.CONTAINER_SERVICE):
        yield from _left_behind(stack, service)
        controller = service.get("deploymentController", "type")
        if controller == "EXTERNAL" and not stack.of(_TASK_SETS):
            yield Violation(
                f'whether service "{service.name}" ever runs a task is not known: with its '
                "deployment_controller EXTERNAL ECS starts nothing, and this stack has no task set.",
                service,
                (f'service "{service.name}"', "deployment_controller EXTERNAL", "no task set"),
                "remove deployment_controller, or accept that something elsewhere creates task sets.",
                undecided=True,
            )
        if controller != "CODE_DEPLOY" or service in deployed:
            continue
        if service.options.ignores("taskDefinition") and not stack.of(tokens.APPLICATION):
            yield _deployed_elsewhere(service)
            continue
        named = ", ".join(f"{show(_name(one))}" for one in groups)
        other = f"; the stack's groups deploy to {named}" if groups else ""
        yield Violation(
            f'No release reaches service "{service.name}": its deployment_controller is CODE_DEPLOY, with '
            "which ECS refuses every other deployment, and no CodeDeploy deployment group deploys to it"
            f"{other}.",
            service,
            (
                f'service "{service.name}"',
                "deployment_controller CODE_DEPLOY",
                "no deployment group",
            ),
        )


_TASK_SETS = ("aws:ecs/taskSet:TaskSet",)


def _left_behind(stack: Stack, service: Resource) -> Iterator[Violation]:
    """Yield that no release reaches a service that ECS deploys, if the program does not."""
    ignored = service.options.ignores("taskDefinition")
    controller = service.setting("deploymentController", "type")
    elsewhere = (*tokens.PIPELINE, *tokens.APPLICATION)
    if ignored is None or controller not in (None, "", "ECS") or stack.of(elsewhere):
        return
    yield Violation(
        f'whether a release reaches service "{service.name}" is not known: its ignore_changes names '
        f'"{ignored}", so that no update of this program deploys a new task definition, and this stack '
        "has no pipeline.",
        service,
        (f'service "{service.name}"', "ignore_changes", "no pipeline"),
        "remove the entry from ignore_changes, or accept that a pipeline elsewhere deploys.",
        undecided=True,
    )


def _deployed_elsewhere(service: Resource) -> Violation:
    """Return that a pipeline may deploy: the program leaves the tasks to another tool."""
    return Violation(
        f'whether a release reaches service "{service.name}" is not known: its deployment_controller is '
        "CODE_DEPLOY, and this stack has nothing of CodeDeploy.",
        service,
        (f'service "{service.name}"', "deployment_controller CODE_DEPLOY"),
        "create the aws.codedeploy.DeploymentGroup in this stack, or accept that another one has it.",
        undecided=True,
    )


def _name(group: Resource) -> Any:
    return group.get("ecsService", "serviceName")


DEPLOYED = StackRule(
    id="ecs-code-deploy-deploys",
    title="CodeDeploy deploys to the services of containers that leave it to it",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05", "OPS06-BP04")},
    url=f"{_GUIDE}deployment-type-bluegreen.html",
    remedy=(
        "create an aws.codedeploy.DeploymentGroup whose ecs_service names cluster and service, or remove "
        "deployment_controller and set deployment_circuit_breaker."
    ),
    steps=(
        'Create an aws.codedeploy.Application with compute_platform "ECS" and a deployment group.',
        "Set ecs_service to the output names of cluster and service, and a target_group_pair_info.",
        "Or let ECS deploy: remove deployment_controller; a new task definition is then rolled out.",
    ),
    unknown=(
        "A service that an unknown name may mean counts as one that is deployed to. Where the stack has "
        "nothing of CodeDeploy, and the service ignores changes of its task definition, it is undecided."
    ),
    check=_undeployed,
)

# --- room on the hosts ----------------------------------------------------------------------------

_UNITS = 1024
"""CPU units of a vCPU."""


@dataclass(frozen=True)
class _Need:
    """CPU units and MiB that a task reserves; 0 where it does not say."""

    cpu: float
    memory: float


def _need(task: Resource) -> _Need | None:
    """Return what ECS reserves for a task on an instance, `None` if that is not known."""
    listed = listed_containers(task)
    if listed is None:
        return None
    cpu, memory = number(task.get("cpu")), number(task.get("memory"))
    own = sum(number(dig(one, "cpu")) or 0 for one in listed)
    # What is reserved counts: the soft limit where there is one.
    reserved = sum(
        number(dig(one, "memoryReservation")) or number(dig(one, "memory")) or 0 for one in listed
    )
    return _Need(own if cpu is None else cpu, reserved if memory is None else memory)


def _holds(size: Size, need: _Need) -> bool:
    # The host's own system takes a part of its memory: all of it is never free.
    return need.cpu <= size.cpus * _UNITS and need.memory < size.memory


def _sizes(service: ContainerService) -> dict[str, Size] | None:
    """Return the types of a service's hosts with their sizes, `None` if one is not known."""
    types = [kind for host in service.hosts for kind in host.launching.types]
    if any(not host.launching.types for host in service.hosts):
        return None
    found = {kind: size_of(kind) for kind in types}
    known = {kind: size for kind, size in found.items() if size is not None}
    return known if known and len(known) == len(found) else None


def _too_large(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.derived(Containers).services:
        sizes = _sizes(service) or {}
        for task in definitions(stack, service.resource).resources if sizes else ():
            need = _need(task)
            if need is None or any(_holds(one, need) for one in sizes.values()):
                continue
            largest = max(sizes, key=lambda kind: (sizes[kind].memory, sizes[kind].cpus))
            size = sizes[largest]
            yield Violation(
                f'No task of service "{service.name}" ever starts: it needs {need.memory:g} MiB and '
                f"{need.cpu:g} CPU units, and the largest of its hosts ({largest}) has less than "
                f"{size.memory:g} MiB free and {size.cpus * _UNITS:g} units.",
                task,
                (
                    f'service "{service.name}"',
                    f'task definition "{task.name}"',
                    *(f'Auto Scaling group "{host.name}"' for host in service.hosts),
                    f"{largest}: {size.memory:g} MiB, {size.cpus:g} vCPUs",
                ),
            )


def _crowded(stack: Stack, _: Settings) -> Iterator[Violation]:
    """Yield services of which no two tasks share a host, and that need more hosts than there may be."""
    for service in stack.derived(Containers).services:
        most = [number(host.resource.get("maxSize")) for host in service.hosts]
        count = service.tasks.least
        if None in most or not most or not count or service.on_every_instance:
            continue
        hosts = sum(one for one in most if one is not None)
        for task in definitions(stack, service.resource).resources:
            ports = host_ports(task)
            beside = _beside(service, count)
            if not ports or count + beside <= hosts:
                continue
            first = count > hosts
            what = (
                f'{count} tasks of service "{service.name}" need as many hosts'
                if first
                else f'No release of service "{service.name}" ever starts: it needs a host beside those of '
                f"its {count} tasks"
            )
            yield Violation(
                f"{what}, as each takes port {ports[0]:g} of its host, and there are at most {hosts:g}.",
                task,
                (
                    f'service "{service.name}", desired_count {count}',
                    f'task definition "{task.name}", hostPort {ports[0]:g}',
                    *(
                        f'Auto Scaling group "{host.name}", max_size {host.resource.shown("maxSize")}'
                        for host in service.hosts
                    ),
                ),
                f"set max_size of the hosts' Auto Scaling group to {count + beside} or more, or "
                "hostPort to 0 in container_definitions: ECS then chooses a port"
                + (
                    "."
                    if first
                    else ", or deployment_minimum_healthy_percent so that a task may stop first."
                ),
            )


def _beside(service: ContainerService, count: int) -> int:
    """Return how many hosts more than tasks a release needs: one, if no task may stop before it."""
    given = service.resource.setting("deploymentMinimumHealthyPercent")
    percent = 100.0 if is_absent(given) else number(given)
    return 0 if percent is None or math.ceil(count * percent / 100) < count else 1


def _roomless(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _too_large(stack, settings)
    yield from _crowded(stack, settings)


FITS_HOST = StackRule(
    id="ecs-task-fits-host",
    title="A container instance has room for a task",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP01",)},
    url=f"{_GUIDE}memory-management.html",
    remedy=(
        "set instance_type of the hosts' launch template to one with more memory and vCPUs than a task "
        "needs, or lower cpu and memory of the task definition."
    ),
    steps=(
        "Add up cpu and memory of the containers, with those beside the application.",
        "Leave some hundred MiB of a host to its system and the ECS agent.",
        "Leave hostPort out, or 0: with a fixed one each task needs a host for itself.",
    ),
    unknown=(
        "Types of the families c, m, r and t are known here; where a host may be of another one, or by "
        "attributes, nothing is judged."
    ),
    check=_roomless,
)

# --- logs -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Log:
    """Into which log group a container writes, by the driver awslogs."""

    task: Resource
    container: str
    group: str
    region: Any

    @property
    def path(self) -> tuple[str, ...]:
        """Return the steps that prove it."""
        return (
            f'task definition "{self.task.name}"',
            f"container {self.container}",
            f"awslogs-group {show(self.group)} in {show(self.region)}",
        )


def _logs(stack: Stack) -> Iterator[_Log]:
    """Yield where containers write, but those that make their log group themselves."""
    for task in stack.of(tokens.TASK_DEFINITION):
        for name, container in (containers(task) or {}).items():
            given = dig(container, "logConfiguration")
            options = dig(given, "options")
            group = dig(options, "awslogs-group")
            makes = is_true(dig(options, "awslogs-create-group"))
            if dig(given, "logDriver") == "awslogs" and isinstance(group, str) and not makes:
                yield _Log(task, show(name), group, dig(options, "awslogs-region"))


def _astray(stack: Stack, _: Settings) -> Iterator[Violation]:
    regions, logs = stack.derived(Regions), list(_logs(stack))
    groups = {one.get("name"): one for one in stack.of(tokens.LOG_GROUP)}
    unused = [one for one in groups if isinstance(one, str) and one not in {e.group for e in logs}]
    for log in logs:
        found = groups.get(log.group)
        there = regions.of(log.task) if found is None else regions.of(found)
        if isinstance(log.region, str) and there is not None and log.region != there:
            yield _elsewhere(log, there, found)
        elif found is None:
            meant = near(log.group, unused)
            if meant is not None:
                yield Violation(
                    f'No task of "{log.task.name}" starts: container {log.container} logs into '
                    f'{show(log.group)}, which no log group is; this stack has "{meant}", into which '
                    "nothing logs.",
                    log.task,
                    log.path,
                    f'set awslogs-group to "{meant}".',
                )


def _elsewhere(log: _Log, there: str, found: Resource | None) -> Violation:
    where = f"{show(log.group)} in {log.region}"
    what = (
        f"whether there is a log group {where} is not known: container {log.container} of "
        f'"{log.task.name}" logs there, and the task runs in {there}. Without it no task starts.'
        if found is None
        else f'No task of "{log.task.name}" starts: container {log.container} logs into {where}, and log '
        f'group "{found.name}" is in {there}.'
    )
    remedy = f'set awslogs-region to "{there}".'
    return Violation(what, log.task, log.path, remedy, undecided=found is None)


LOGS = StackRule(
    id="ecs-logs-arrive",
    title="The log group of a container is where it writes",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL11-BP01",)},
    url=f"{_GUIDE}using_awslogs.html",
    remedy="set awslogs-group and awslogs-region to name and Region of the log group.",
    steps=(
        "Make container_definitions from the output name of the log group with apply.",
        "Set awslogs-region to the Region of the stack, for example of aws.get_region().",
    ),
    unknown=(
        "A log group of another stack, in another Region than the task's, is undecided; so is nothing "
        "where the definitions are not known yet: the update judges them."
    ),
    check=_astray,
)

RULES = (DEPLOYED, FITS_HOST, LOGS)
