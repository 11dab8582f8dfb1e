"""The rule about the roles of what calls others: schedules, state machines and pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from guardrails import tokens
from guardrails.architecture.permissions import ROLE_KEYS, Permissions
from guardrails.architecture.state_machines import definition, inner, states
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items

_CALLED = {
    **dict.fromkeys(tokens.LAMBDA_FUNCTION, "lambda:InvokeFunction"),
    **dict.fromkeys(tokens.LAMBDA_ALIAS, "lambda:InvokeFunction"),
    **dict.fromkeys(tokens.STATE_MACHINE, "states:StartExecution"),
    **dict.fromkeys(tokens.QUEUE, "sqs:SendMessage"),
    **dict.fromkeys(tokens.TOPIC, "sns:Publish"),
}
"""What calling a resource needs, by its type."""
_KEYS = ("arn", "id", "name", "url", "invokeArn", "qualifiedArn")
_STARTED = {
    "CodeBuild": "codebuild:StartBuild",
    "CodeDeploy": "codedeploy:CreateDeployment",
    "ECS": "ecs:UpdateService",
    "CloudFormation": "cloudformation:DescribeStacks",
}
"""What an action of a pipeline needs, by its provider."""
_INVOKED = {
    "lambda:invoke": "lambda:InvokeFunction",
    "sqs:sendMessage": "sqs:SendMessage",
    "sns:publish": "sns:Publish",
    "states:startExecution": "states:StartExecution",
    "dynamodb:putItem": "dynamodb:PutItem",
    "dynamodb:getItem": "dynamodb:GetItem",
    "ecs:runTask": "ecs:RunTask",
    "events:putEvents": "events:PutEvents",
}
"""What a task of a state machine needs, by the end of its resource's ARN."""


class _Need(NamedTuple):
    owner: Resource
    role: Resource
    action: str
    why: str


def _role(stack: Stack, owner: Resource, prop: str, value: Any = None) -> Resource | None:
    """Return the one role of the stack that a resource names, `None` where that is not certain."""
    found = stack.references(owner, prop, tokens.ROLE, ROLE_KEYS, value=value)
    return found.resources[0] if len(found.resources) == 1 and found.complete else None


def _schedules(stack: Stack) -> Iterator[_Need]:
    for schedule in stack.of(tokens.SCHEDULED_CALL):
        given = schedule.get("target")
        role = _role(stack, schedule, "target", dig(given, "roleArn"))
        called = stack.references(
            schedule, "target", tuple(_CALLED), _KEYS, value=dig(given, "arn")
        )
        if role is None:
            continue
        for one in called.resources:
            why = f'"{schedule.name}" never starts "{one.name}"'
            yield _Need(schedule, role, _CALLED[one.type], why)


def _tasks(flow: Any) -> Iterator[str]:
    """Yield the resource of each task of a flow, of flows inside its states too."""
    for state in states(flow).values():
        resource = dig(state, "Resource")
        if dig(state, "Type") == "Task" and isinstance(resource, str):
            yield resource
        for one in inner(state):
            yield from _tasks(one)


def _machines(stack: Stack) -> Iterator[_Need]:
    for machine in stack.of(tokens.STATE_MACHINE):
        role, flow = _role(stack, machine, "roleArn"), definition(machine)
        if role is None:
            continue
        if flow is None and isinstance(machine.get("definition"), str):
            continue  # workflows-accepted reports it
        needed = {
            action: resource
            for resource in _tasks(flow)
            for end, action in _INVOKED.items()
            if f":{end}" in resource or (end == "lambda:invoke" and ":lambda:" in resource)
        }
        if flow is None:  # it names what is still to be created
            sources = stack.sources(machine, "definition", tuple(_CALLED))
            needed = {_CALLED[one.type]: f'"{one.name}"' for one in sources}
        for action, resource in needed.items():
            yield _Need(machine, role, action, f"its task {resource} fails")


def _pipelines(stack: Stack) -> Iterator[_Need]:
    for pipeline in stack.of(tokens.PIPELINE):
        role = _role(stack, pipeline, "roleArn")
        if role is None:
            continue
        for stage in items(pipeline.get("stages")):
            for action in items(dig(stage, "actions")):
                needed = _STARTED.get(str(dig(action, "provider")))
                own = dig(action, "roleArn")
                if needed is not None and own in (None, ""):
                    name = dig(action, "name")
                    yield _Need(
                        pipeline, role, needed, f'its action "{name}" fails at each release'
                    )


def _allowed(stack: Stack, _: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    for collect in (_schedules, _machines, _pipelines):
        for owner, role, action, why in collect(stack):
            answer = permissions.may(role, action)
            if answer.is_no:
                yield Violation(
                    f'"{owner.name}": {answer.reason}, and {why}.',
                    owner,
                    (f'"{owner.name}"', *answer.path),
                    answer.remedy
                    or (
                        f'allow {action} to role "{role.name}" in an aws.iam.RolePolicy, on the ARN of '
                        "what it calls."
                    ),
                )
                break


ALLOWED = StackRule(
    id="caller-role-permissions",
    title="Schedules, state machines and pipelines may call what they call",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP01",)},
    url="https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
    remedy=("allow the action to the role in an aws.iam.RolePolicy, on the ARN of what is called."),
    steps=(
        "Schedule: allow lambda:InvokeFunction, states:StartExecution or sqs:SendMessage to its role.",
        "State machine: allow what each task calls, such as lambda:InvokeFunction.",
        "Pipeline: allow codebuild:StartBuild, codedeploy:CreateDeployment or ecs:UpdateService.",
    ),
    unknown=(
        "A policy that the preview does not know may allow it; a role of another stack is not judged, nor "
        "is which resource a policy names."
    ),
    check=_allowed,
)

RULES = (ALLOWED,)
