"""What Amazon ECS refuses about services, task definitions and their scaling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.architecture.containers import ContainerService
from guardrails.architecture.tasks import (
    CLUSTER_KEYS,
    cluster_of,
    containers,
    definitions,
    has_port,
    is_fargate,
)
from guardrails.refusals import JointRefusal, alone, joint_refusal_rule
from guardrails.refused import container_refusals, task_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_SERVICE = f"{_API}API_CreateService.html"
_TASK = f"{_API}API_RegisterTaskDefinition.html"
_STRATEGIES = "capacityProviderStrategies"
_GB = 1024
_MEMORY: Mapping[int, range | tuple[int, ...]] = {
    256: (512, _GB, 2 * _GB),
    512: range(_GB, 4 * _GB + 1, _GB),
    1024: range(2 * _GB, 8 * _GB + 1, _GB),
    2048: range(4 * _GB, 16 * _GB + 1, _GB),
    4096: range(8 * _GB, 30 * _GB + 1, _GB),
    8192: range(16 * _GB, 60 * _GB + 1, 4 * _GB),
    16384: range(32 * _GB, 120 * _GB + 1, 8 * _GB),
}
"""Per CPU units of a task on Fargate the memory that it may have, in MiB."""


def _ports(stack: Stack, service: Resource) -> Iterator[str]:
    for task in definitions(stack, service).resources:
        by_name = containers(task)
        for entry in items(service.get("loadBalancers")) if by_name is not None else ():
            name, port = dig(entry, "containerName"), number(dig(entry, "containerPort"))
            if by_name is None or not isinstance(name, str) or port is None:
                continue
            if name not in by_name:
                names = ", ".join(map(show, by_name))
                yield f'task definition "{task.name}" has no container {show(name)}, only {names}'
            elif not has_port(by_name[name], port):
                yield (
                    f"container {show(name)} of task definition "
                    f'"{task.name}" has no port mapping for {port:g}'
                )


def _network_mode(task: Resource) -> str | None:
    given = task.setting("networkMode")
    if is_fargate(task) and given is not UNKNOWN and given != "awsvpc":
        return f"it is for Fargate, and network_mode is {show(given)}"
    return None


def _units(given: Any, unit: str) -> float | None:
    """Return CPU units or MiB, which may be written as ".5 vCPU" or "1 GB"."""
    text = str(given).strip()
    if isinstance(given, str) and text.lower().endswith(unit.lower()):
        amount = number(text[: -len(unit)].strip())
        return None if amount is None else amount * _GB
    return number(given)


def _size(task: Resource) -> str | None:
    cpu, memory = _units(task.get("cpu"), "vCPU"), _units(task.get("memory"), "GB")
    if not is_fargate(task) or cpu is None or memory is None:
        return None
    allowed = _MEMORY.get(int(cpu))
    if allowed is None:
        return f"cpu is {cpu:g}, none of {', '.join(map(str, _MEMORY))}"
    if int(memory) not in allowed:
        return f"memory is {memory:g}, and cpu {cpu:g} has {min(allowed)} to {max(allowed)}"
    return None


def _too_large(task: Resource) -> Iterator[str]:
    whole = number(task.get("memory"))
    for name, container in (containers(task) or {}).items():
        for prop in ("memory", "memoryReservation"):
            own = number(dig(container, prop))
            if whole is not None and own is not None and own > whole:
                yield f"container {show(name)} has {prop} {own:g}, and the task {whole:g}"


def _privileged(task: Resource) -> Iterator[str]:
    for name, container in (containers(task) or {}).items():
        if is_fargate(task) and dig(container, "privileged") is True:
            yield f"container {show(name)} is privileged, and the task is for Fargate"


def _shell(stack: Stack, service: Resource) -> str | None:
    for task in definitions(stack, service).resources:
        if service.get("enableExecuteCommand") is True and task.left_out("taskRoleArn"):
            return f'enable_execute_command is true, task_role_arn of "{task.name}" is not set'
    return None


def _unprotected(stack: Stack, provider: Resource) -> str | None:
    given = provider.get("autoScalingGroupProvider")
    if dig(given, "managedTerminationProtection") != "ENABLED":
        return None
    if dig(given, "managedScaling", "status") not in ("ENABLED", UNKNOWN):
        return "managed_termination_protection is ENABLED, managed_scaling is not"
    groups = stack.references(
        provider, "autoScalingGroupProvider", tokens.AUTO_SCALING_GROUP, ("arn", "id", "name")
    )
    for group in groups.resources:
        if not is_true(group.get("protectFromScaleIn")):
            return (
                "managed_termination_protection is ENABLED, protect_from_scale_in of Auto Scaling "
                f'group "{group.name}" is {group.shown("protectFromScaleIn")}'
            )
    return None


def _no_network(stack: Stack, service: Resource) -> str | None:
    for task in definitions(stack, service).resources:
        given = service.get("networkConfiguration")
        if task.get("networkMode") == "awsvpc" and is_absent(given):
            return f'network_configuration is not set, and "{task.name}" has network_mode awsvpc'
    return None


def _host_ports(task: Resource) -> Iterator[str]:
    for name, container in (containers(task) or {}).items():
        for mapped in items(dig(container, "portMappings")):
            port, host = number(dig(mapped, "containerPort")), number(dig(mapped, "hostPort"))
            if task.get("networkMode") == "awsvpc" and host and port and host != port:
                yield f"container {show(name)} has containerPort {port:g} and hostPort {host:g}"


def _inessential(task: Resource) -> str | None:
    found = containers(task)
    if found and all(dig(one, "essential") is False for one in found.values()):
        return "essential is false in every container"
    return None


def _sizeless(task: Resource) -> str | None:
    missing = [prop for prop in ("cpu", "memory") if is_absent(task.setting(prop))]
    return f"it is for Fargate, and has no {missing[0]}" if is_fargate(task) and missing else None


def _not_associated(stack: Stack, service: Resource) -> Iterator[str]:
    """Name capacity providers that the cluster of a service, one of this stack, does not have."""
    given = [dig(one, "capacityProvider") for one in items(service.get(_STRATEGIES))]
    cluster = cluster_of(stack, service)
    if cluster is None:
        return
    associated: set[Any] = set()
    for one in stack.of(tokens.CLUSTER_PROVIDERS):
        of = stack.references(one, "clusterName", tokens.CONTAINER_CLUSTER, CLUSTER_KEYS)
        if cluster in of.resources:
            associated.update(items(one.get("capacityProviders")) or [UNKNOWN])
        elif not of.complete:
            return
    for name in given:
        if isinstance(name, str) and name not in associated and UNKNOWN not in associated:
            listed = ", ".join(sorted(map(show, associated))) or "none"
            yield (
                f'it uses capacity provider {show(name)}, and cluster "{cluster.name}" is associated '
                f"with {listed}"
            )


def _placement(stack: Stack, service: Resource) -> str | None:
    placed = [
        name
        for prop, name in (
            ("orderedPlacementStrategies", "ordered_placement_strategies"),
            ("placementConstraints", "placement_constraints"),
        )
        if items(service.get(prop))
    ]
    if placed and ContainerService(stack, service).on_fargate:
        return f"it runs on Fargate, and has {placed[0]}"
    return None


def _stuck(service: Resource) -> str | None:
    if service.get("deploymentController", "type") in ("CODE_DEPLOY", "EXTERNAL"):
        return None
    most = number(service.get("deploymentMaximumPercent"))
    given = service.setting("deploymentMinimumHealthyPercent")
    least = 100.0 if is_absent(given) else number(given)
    if most is not None and least is not None and most <= 100 <= least:
        return (
            f"{least:g} % of its tasks stay and there are at most {most:g} %: none can be replaced"
        )
    return None


def _limits(target: Resource) -> str | None:
    least, most = number(target.get("minCapacity")), number(target.get("maxCapacity"))
    if least is not None and most is not None and least > most:
        return f"min_capacity {least:g} is above max_capacity {most:g}"
    return None


def _no_role(stack: Stack, task: Resource) -> str | None:
    if not task.left_out("executionRoleArn"):
        return None
    for name, container in (containers(task) or {}).items():
        if items(dig(container, "secrets")):
            return f"container {show(name)} has secrets, and execution_role_arn is not set"
        if not is_fargate(task):
            continue  # the instances' role fetches images and writes logs
        if ".dkr.ecr." in str(dig(container, "image")):
            return f"container {show(name)} is from Amazon ECR, and execution_role_arn is not set"
        if dig(container, "logConfiguration", "logDriver") == "awslogs":
            return f"container {show(name)} logs by awslogs, and execution_role_arn is not set"
    if is_fargate(task) and stack.sources(task, "containerDefinitions", tokens.REPOSITORY):
        return "its image is from Amazon ECR, and execution_role_arn is not set"
    return None


_TABLE = (
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says=(
            "InvalidParameterException: The container does not exist in the task definition, or has no "
            "such port."
        ),
        source=_SERVICE,
        remedy=(
            "set container_name and container_port in load_balancers of the service to a container "
            "and a containerPort of the task definition."
        ),
        find=_ports,
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says="Placement strategies and constraints are not supported with the launch type FARGATE.",
        source=f"{_GUIDE}task-placement-strategies.html",
        remedy="remove it: Fargate spreads the tasks of a service over its subnets.",
        find=_placement,
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says="A deployment starts a task above the count, or stops one of them: it has to be allowed to.",
        source=f"{_GUIDE}service_definition_parameters.html",
        remedy="set deployment_maximum_percent to 200, the default, or leave it out.",
        find=alone(_stuck),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Networking mode awsvpc is required for tasks on Fargate.",
        source=_TASK,
        remedy='set network_mode of the task definition to "awsvpc".',
        find=alone(_network_mode),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: No Fargate configuration exists for given values.",
        source=f"{_GUIDE}fargate-tasks-services.html",
        remedy="set cpu and memory of the task definition to sizes that Fargate has.",
        find=alone(_size),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: the task definition needs an execution role to fetch an image from Amazon "
            "ECR, to use the log driver awslogs and to pass secrets."
        ),
        source=f"{_GUIDE}task_execution_IAM_role.html",
        remedy=(
            "create an aws.iam.Role for ecs-tasks.amazonaws.com with "
            "AmazonECSTaskExecutionRolePolicy, and set execution_role_arn to its ARN."
        ),
        find=_no_role,
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: Invalid setting for container. The memory of a container is at most that "
            "of the task."
        ),
        source=_TASK,
        remedy="set memory of the task definition to what its containers need together.",
        find=alone(_too_large),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Fargate compatible task definitions do not support privileged.",
        source=f"{_GUIDE}fargate-tasks-services.html",
        remedy="remove privileged from the container.",
        find=alone(_privileged),
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says=(
            "InvalidParameterException: The service couldn't be created because a valid taskRoleArn is "
            "not being used."
        ),
        source=f"{_GUIDE}ecs-exec.html",
        remedy=(
            "set task_role_arn of the task definition to a role that may use ssmmessages, or "
            "enable_execute_command to false."
        ),
        find=_shell,
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says=(
            "InvalidParameterException: The specified capacity provider was not found: a service uses "
            "those that are associated with its cluster."
        ),
        source=f"{_API}API_PutClusterCapacityProviders.html",
        remedy=(
            "add it to capacity_providers of the aws.ecs.ClusterCapacityProviders of the cluster; "
            "create one where there is none."
        ),
        find=_not_associated,
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says=(
            "InvalidParameterException: Network Configuration must be provided when networkMode "
            "'awsvpc' is specified."
        ),
        source=_SERVICE,
        remedy="set subnets and security_groups in network_configuration of the service.",
        find=_no_network,
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says=(
            "ClientException: When networkMode=awsvpc, the host ports and container ports in port "
            "mappings must match."
        ),
        source=_TASK,
        remedy="leave hostPort out of portMappings.",
        find=alone(_host_ports),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: All tasks must have at least one essential container.",
        source=_TASK,
        remedy="leave essential out of the container that serves.",
        find=alone(_inessential),
    ),
    JointRefusal(
        types=tokens.TASK_DEFINITION,
        says="ClientException: Fargate requires that 'cpu' and 'memory' be defined at the task level.",
        source=f"{_GUIDE}fargate-tasks-services.html",
        remedy="set cpu and memory of the task definition.",
        find=alone(_sizeless),
    ),
    JointRefusal(
        types=tokens.CAPACITY_PROVIDER,
        says=(
            "The managed termination protection setting for the capacity provider is invalid: managed "
            "scaling and the protection from scale-in of the Auto Scaling group have to be on."
        ),
        source=f"{_API}API_AutoScalingGroupProvider.html",
        remedy=(
            "set protect_from_scale_in of the Auto Scaling group to true, or "
            "managed_termination_protection to DISABLED."
        ),
        find=_unprotected,
    ),
    JointRefusal(
        types=tokens.SCALABLE_TARGET,
        says="ValidationException: The minimum capacity is not above the maximum capacity.",
        source="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
        remedy="set max_capacity to min_capacity or more.",
        find=alone(_limits),
    ),
)

CONTAINERS = joint_refusal_rule(
    (*_TABLE, *task_refusals.TABLE, *container_refusals.TABLE),
    id="ecs-accepted",
    title="Amazon ECS accepts every service, task definition and scalable target",
    url=_SERVICE,
    remedy="correct the service, task definition or scalable target as the message says.",
)

RULES = (CONTAINERS,)
