"""Rules about what a deployment addresses, and what it leaves behind."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.deployments import Deployment, Deployments, platform
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_DOC = "https://docs.aws.amazon.com/codedeploy/latest/userguide/"


def near(name: str, names: list[str]) -> str | None:
    """Return the name that was probably meant, `None` if none is similar."""
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.75)), None)


def _application(stack: Stack, _: Settings) -> Iterator[Violation]:
    for deployment in stack.derived(Deployments).servers:
        found = deployment.application
        for application in found.resources:
            kind = platform(application)
            if kind in ("Lambda", "ECS", UNKNOWN):  # another one is values-accepted's to report
                yield Violation(
                    f"{deployment.label} deploys to servers, but its application "
                    f'"{application.name}" is for {show(kind)}.',
                    deployment.resource,
                    (deployment.step, f'application "{application.name}"', f"platform {kind}"),
                )
        for name in found.foreign:
            yield from _foreign_application(stack, deployment, name)


def _foreign_application(stack: Stack, deployment: Deployment, name: str) -> Iterator[Violation]:
    applications = stack.of(tokens.APPLICATION)
    own = [one.get("name") for one in applications]
    known = [one.name for one in applications] + [one for one in own if isinstance(one, str)]
    meant = near(name.rpartition(":")[2], known)
    what = f'{deployment.label} names application "{name}", '
    if name.startswith("arn:"):
        yield Violation(f"{what}an ARN: it takes the name.", deployment.resource)
    elif meant is not None:
        yield Violation(
            f'{what}which no application has; this stack has "{meant}".', deployment.resource
        )
    else:
        yield Violation(
            f"{what}which is not in this stack: its platform is not known.",
            deployment.resource,
            remedy="create the aws.codedeploy.Application in this stack and pass its name.",
            undecided=True,
        )


def _containers(stack: Stack) -> Iterator[Violation]:
    """Find deployments of containers to a service, or between target groups, that cannot be."""
    for group in stack.of(tokens.DEPLOYMENT_GROUP):
        named = group.get("ecsService", "serviceName")
        if is_absent(named):
            continue
        found = stack.references(
            group, "ecsService", tokens.CONTAINER_SERVICE, ("name",), value=[named]
        )
        for service in found.resources:
            controller = service.setting("deploymentController", "type")
            if controller is not UNKNOWN and controller != "CODE_DEPLOY":
                yield Violation(
                    f'Deployment group "{group.name}" deploys to service "{service.name}", whose '
                    f"deployment_controller is {show(controller or 'ECS')}: CodeDeploy refuses it.",
                    group,
                    (f'deployment group "{group.name}"', f'service "{service.name}"'),
                    "set deployment_controller of the service to type CODE_DEPLOY.",
                )
        yield from _one_target_group(stack, group)


def _one_target_group(stack: Stack, group: Resource) -> Iterator[Violation]:
    pair = items(group.get("loadBalancerInfo", "targetGroupPairInfo", "targetGroups"))
    names = [dig(one, "name") for one in pair]
    found = stack.references(
        group, "loadBalancerInfo", tokens.TARGET_GROUP, ("name",), value=names or None
    )
    if len(names) == 2 and len(set(found.resources)) == 1 and not (found.possible or found.foreign):
        yield Violation(
            f'Deployment group "{group.name}" names target group "{found.resources[0].name}" for the '
            "old and for the new tasks: there is nothing between which requests could be moved.",
            group,
            remedy="set target_group_pair_info.target_groups to two target groups.",
        )


def _fits(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _application(stack, settings)
    yield from _containers(stack)


APPLICATION = StackRule(
    id="codedeploy-application-fits",
    title="A deployment group belongs to an application for servers",
    question=Question.VALID,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("OPS05-BP04",)},
    url=f"{_DOC}applications.html",
    remedy=(
        "pass the name output of an aws.codedeploy.Application whose compute_platform is Server, "
        "the default."
    ),
    steps=(
        'Leave out the application\'s compute_platform or set it to "Server".',
        "Set the deployment group's app_name to the application's name output.",
    ),
    unknown=(
        "An unknown name is resolved through the application it comes from; the application of "
        "another stack is not decidable, unless its name resembles one of this stack."
    ),
    check=_fits,
)


def _way_back(stack: Stack, _: Settings) -> Iterator[Violation]:
    deployments = stack.derived(Deployments)
    for deployment in deployments.all:
        resource = deployment.resource
        noun = "instances" if deployment in deployments.servers else "tasks"
        option = resource.get(
            "blueGreenDeploymentConfig", "terminateBlueInstancesOnDeploymentSuccess"
        )
        if not deployment.blue_green or option is UNKNOWN or is_absent(option):
            continue
        given = dig(option, "terminationWaitTimeInMinutes")
        wait = 0 if is_absent(given) else number(given)
        if dig(option, "action") in ("TERMINATE", UNKNOWN) and not wait:
            waits = "at once" if wait == 0 else "after a time that is not known"
            yield Violation(
                f"{deployment.label} terminates the {noun} with the last good revision {waits} "
                f"after a deployment: termination_wait_time_in_minutes is {show(given)}.",
                resource,
            )


WAY_BACK = StackRule(
    id="codedeploy-blue-green-way-back",
    title="A blue/green deployment keeps the old instances for a while",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS06-BP01",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BlueInstanceTerminationOption.html",
    remedy=(
        "set terminate_blue_instances_on_deployment_success to TERMINATE with "
        "termination_wait_time_in_minutes of the time in which you notice a bad revision, for "
        "example 60, or to KEEP_ALIVE."
    ),
    steps=(
        "Set termination_wait_time_in_minutes, at most 2880.",
        "Until then CodeDeploy can send requests back to the old instances.",
    ),
    unknown="An unknown action or waiting time is a violation: both are plain settings.",
    check=_way_back,
)


def _waits(stack: Stack, _: Settings) -> Iterator[Violation]:
    for deployment in stack.derived(Deployments).all:
        option = deployment.resource.get("blueGreenDeploymentConfig", "deploymentReadyOption")
        if deployment.blue_green and dig(option, "actionOnTimeout") == "STOP_DEPLOYMENT":
            minutes = show(dig(option, "waitTimeInMinutes"))
            yield Violation(
                f"{deployment.label} waits until somebody sends requests to the new version by hand, and "
                f"ends as a failure otherwise: action_on_timeout is STOP_DEPLOYMENT, "
                f"wait_time_in_minutes {minutes}.",
                deployment.resource,
                (deployment.step, "new version ready", "waits for a person", "STOP_DEPLOYMENT"),
            )


BY_ITSELF = StackRule(
    id="codedeploy-continues-by-itself",
    title="A blue/green deployment does not wait for a person",
    question=Question.DEPLOY,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # some look at the new version before visitors get it
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("OPS05-BP10",)},
    url="https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentReadyOption.html",
    remedy=(
        "set action_on_timeout of deployment_ready_option to CONTINUE_DEPLOYMENT, and let alarms and "
        "hooks judge the new version."
    ),
    steps=(
        "Set deployment_ready_option with action_on_timeout CONTINUE_DEPLOYMENT.",
        "Name alarms in alarm_configuration: they stop a bad version without anybody.",
    ),
    unknown="An action that the preview does not know is not judged.",
    check=_waits,
)


RULES = (APPLICATION, WAY_BACK, BY_ITSELF)
