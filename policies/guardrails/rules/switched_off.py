"""The rule about what else may act: no schedule, budget or automation switches the service off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.policy_documents import parsed
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack, identities
from guardrails.values import UNKNOWN, dig, leaves, number, show

_NAMES = ("name", "id", "identifier", "clusterIdentifier", "arn")
_STOPPED: Final = {
    "rds:stopdbinstance": tokens.DATABASE,
    "rds:deletedbinstance": tokens.DATABASE,
    "rds:stopdbcluster": tokens.DATABASE_CLUSTER,
    "rds:deletedbcluster": tokens.DATABASE_CLUSTER,
    "ec2:stopinstances": tokens.INSTANCE,
    "ec2:terminateinstances": tokens.INSTANCE,
    "ec2:rebootinstances": tokens.INSTANCE,
    "rds:rebootdbinstance": tokens.DATABASE,
    "rds:rebootdbcluster": tokens.DATABASE_CLUSTER,
    "docdb:stopdbcluster": tokens.DATABASE_CLUSTER,
    "neptune:stopdbcluster": tokens.DATABASE_CLUSTER,
    "autoscaling:suspendprocesses": tokens.AUTO_SCALING_GROUP,
    "autoscaling:deleteautoscalinggroup": tokens.AUTO_SCALING_GROUP,
    "autoscaling:enterstandby": tokens.AUTO_SCALING_GROUP,
    "autoscaling:detachloadbalancertargetgroups": tokens.AUTO_SCALING_GROUP,
    "autoscaling:detachtrafficsources": tokens.AUTO_SCALING_GROUP,
    "ecs:deleteservice": tokens.CONTAINER_SERVICE,
    "elasticloadbalancingv2:deleteloadbalancer": tokens.LOAD_BALANCER,
    "elasticloadbalancingv2:deletelistener": tokens.LISTENER,
    "elasticache:deletereplicationgroup": tokens.CACHE_GROUP,
    "dynamodb:deletetable": tokens.TABLE,
}
"""Calls of the AWS SDK that take what they name out of service, by what they name."""

_RESIZED: Final = {
    "autoscaling:updateautoscalinggroup": (
        tokens.AUTO_SCALING_GROUP,
        ("MinSize", "DesiredCapacity", "MaxSize"),
    ),
    "autoscaling:setdesiredcapacity": (tokens.AUTO_SCALING_GROUP, ("DesiredCapacity",)),
    "ecs:updateservice": (tokens.CONTAINER_SERVICE, ("DesiredCount",)),
}
"""Calls that change how many there are, by what they change, and how they say so."""

_AUTOMATIONS: Final = {
    "AWS-StopRdsInstance": tokens.DATABASE,
    "AWS-StopEC2Instance": tokens.INSTANCE,
    "AWS-TerminateEC2Instance": tokens.INSTANCE,
    "STOP_RDS_INSTANCES": tokens.DATABASE,
    "STOP_EC2_INSTANCES": tokens.INSTANCE,
}
_RUNS_AUTOMATION = (
    ("aws:ssm/maintenanceWindowTask:MaintenanceWindowTask", "taskArn"),
    ("aws:cloudwatch/eventTarget:EventTarget", "arn"),
    ("aws:ssm/association:Association", "name"),
)
_LEAST = 2


def _call(schedule: Resource) -> str | None:
    """Return the call of the AWS SDK that a schedule makes, as `service:call`, in small letters."""
    arn = dig(schedule.get("target"), "arn")
    _, found, call = str(arn).lower().partition(":aws-sdk:")
    return call if found and schedule.get("state") != "DISABLED" else None


def _named(
    stack: Stack, owner: Resource, prop: str, value: Any, types: tuple[str, ...]
) -> Resource | None:
    """Return the resource of the stack that a text names, or from which it came."""
    for one in stack.sources(owner, prop, types) if value is UNKNOWN else ():
        return one
    if isinstance(value, str):
        for one in stack.of(types):
            if any(_mentions(value, name) for name in identities(one, _NAMES)):
                return one
    return None


def _mentions(text: str, name: str) -> bool:
    """Return whether a text holds a name as a whole: "web" is not "web-staging"."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _sizes(given: Any, keys: tuple[str, ...]) -> dict[str, float]:
    document = parsed(given)
    found = {key: number(dig(document, key)) for key in keys}
    return {key: size for key, size in found.items() if size is not None}


def _scheduled(stack: Stack) -> Iterator[Violation]:
    for schedule in stack.of(tokens.SCHEDULED_CALL):
        call, given = _call(schedule), dig(schedule.get("target"), "input")
        when = show(schedule.get("scheduleExpression"))
        if call in _STOPPED:
            stopped = _named(stack, schedule, "target", given, _STOPPED[call])
            if stopped is not None:
                yield _violation(schedule, stopped, f"calls {call} by {when}")
        elif call in _RESIZED:
            types, keys = _RESIZED[call]
            resized = _named(stack, schedule, "target", given, types)
            if resized is None:
                continue
            sizes = _sizes(given, keys)
            small = next(((key, size) for key, size in sizes.items() if size < _LEAST), None)
            if small is not None:
                yield _violation(
                    schedule, resized, f"calls {call} with {small[0]} {small[1]:g} by {when}"
                )
            elif given is UNKNOWN:
                yield Violation(
                    f'to how many schedule "{schedule.name}" sets "{resized.name}" by {when} is not '
                    "known: target.input holds values that only the cloud will know.",
                    schedule,
                    (f'schedule "{schedule.name}"', call, f'"{resized.name}"'),
                    "name the group or service by a name that the program sets, or use an "
                    "aws.autoscaling.Schedule, whose sizes are known.",
                    undecided=True,
                )


def _budgeted(stack: Stack) -> Iterator[Violation]:
    for action in stack.of(tokens.BUDGET_ACTION):
        given = dig(action.get("definition"), "ssmActionDefinition")
        types = _AUTOMATIONS.get(str(dig(given, "actionSubType")))
        if types is None or action.get("approvalModel") != "AUTOMATIC":
            continue
        listed = dig(given, "instanceIds")
        for value in listed if isinstance(listed, list) else [listed]:
            stopped = _named(stack, action, "definition", value, types)
            if stopped is not None:
                what = f"takes {dig(given, 'actionSubType')} by itself when the budget is spent"
                yield _violation(action, stopped, what)
                break


def _automated(stack: Stack) -> Iterator[Violation]:
    for kind, prop in _RUNS_AUTOMATION:
        for runner in stack.of((kind,)):
            document = str(runner.get(prop))
            found = next((name for name in _AUTOMATIONS if _mentions(document, name)), None)
            stopped = None if found is None else _stopped_by(stack, runner, _AUTOMATIONS[found])
            if stopped is not None:
                yield _violation(runner, stopped, f"runs {found}")


def _stopped_by(stack: Stack, runner: Resource, types: tuple[str, ...]) -> Resource | None:
    """Return what an automation stops: from which a property came, or that a text of it names."""
    for source in runner.dependencies:
        for one in stack.sources(runner, source, types):
            return one
    for text in leaves(runner.properties):
        named = _named(stack, runner, "", text, types) if isinstance(text, str) else None
        if named is not None:
            return named
    return None


def _violation(actor: Resource, victim: Resource, what: str) -> Violation:
    return Violation(
        f'"{actor.name}" {what}: "{victim.name}" is out of service, or nothing stands in for it, '
        "while visitors are there.",
        actor,
        (f'"{actor.name}"', what, f'"{victim.name}"'),
    )


def _off(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from _scheduled(stack)
    yield from _budgeted(stack)
    yield from _automated(stack)


NOT_SWITCHED_OFF = StackRule(
    id="service-not-switched-off",
    title="No schedule, budget or automation switches the service or its database off",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL07-BP01", "REL10-BP01")},
    url="https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html",
    remedy=(
        "remove the schedule, action or automation from this stack, or set state of the schedule to "
        "DISABLED and approval_model of the budget's action to MANUAL."
    ),
    steps=(
        "Keep schedules that stop databases and servers to stacks that nobody visits.",
        "For a smaller fleet at night, use aws.autoscaling.Schedule with a min_size that survives a zone.",
        'Let a budget tell people: approval_model="MANUAL", or an aws.budgets.Budget notification.',
    ),
    unknown=(
        "An input that is not known is about the resources from which it came. To what it resizes them "
        "is undecided then."
    ),
    check=_off,
)

RULES = (NOT_SWITCHED_OFF,)
