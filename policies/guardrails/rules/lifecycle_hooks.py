"""Rules about lifecycle hooks: what they hold is completed, or no instance goes into service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails.architecture.answers import Answer, any_of, no, undecided
from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.given import given
from guardrails.architecture.permissions import Permissions
from guardrails.architecture.readers import completed_by_rules, completed_by_told
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, items, number

_COMPLETE = "autoscaling:CompleteLifecycleAction"
_LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
_TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
_PATIENT = 900
"""Seconds that an instance may take to end its work."""
_HEARTBEAT = 3600.0  # Auto Scaling API reference, PutLifecycleHook


@dataclass(frozen=True)
class _Hook:
    """A hook that holds instances: new ones, until it is completed, or those that are about to go."""

    name: str
    owner: Resource
    heartbeat: float
    prop: str
    """The property of `owner` that names the queue, topic or function to notify; a path's first step."""
    target: Any
    """Whom it tells, by ARN."""
    launches: bool = True
    """Whether it holds new instances, and not those that are about to go."""


def _hooks(group: Group) -> Iterator[_Hook]:
    for hook in group.hooks:
        path = {name: given(hook, name) for name in _PROPERTIES}
        yield from _launching(hook.name, hook, path, "notificationTargetArn")
    for hook in items(given(group.resource, "initialLifecycleHooks")):
        path = {name: dig(hook, name) for name in _PROPERTIES}
        name = str(dig(hook, "name"))
        yield from _launching(name, group.resource, path, "initialLifecycleHooks")


_PROPERTIES = (
    "lifecycleTransition",
    "defaultResult",
    "heartbeatTimeout",
    "notificationTargetArn",
)


def _launching(name: str, owner: Resource, hook: dict[str, Any], prop: str) -> Iterator[_Hook]:
    result = hook["defaultResult"]
    ends = is_absent(result) or result == "ABANDON"
    transition = hook["lifecycleTransition"]
    if (transition == _LAUNCHING and ends) or transition == _TERMINATING:
        heartbeat = number(hook["heartbeatTimeout"])
        waits = _HEARTBEAT if heartbeat is None else heartbeat
        target = hook["notificationTargetArn"]
        yield _Hook(name, owner, waits, prop, target, launches=transition == _LAUNCHING)


def _completes(stack: Stack, group: Group) -> Answer:
    """Return whether the group's instances may complete a hook themselves."""
    permissions = stack.derived(Permissions)
    answers: list[Answer] = []
    for template in group.launching.templates:
        roles = permissions.instance_roles(template)
        answers += [permissions.may(role, _COMPLETE) for role in roles.resources]
        if not roles.complete:
            answers.append(
                undecided(
                    f'the role of launch template "{template.name}" is not known',
                    f'launch template "{template.name}"',
                    remedy="create the instances' role and instance profile in this stack.",
                )
            )
        elif not roles.resources:
            answers.append(no("the instances have no role", f'launch template "{template.name}"'))
    if not answers:
        return undecided(
            "its launch template is not part of this stack",
            f'Auto Scaling group "{group.name}"',
            remedy="create the launch template in this stack, or set default_result to CONTINUE.",
        )
    return any_of(answers)


def _answer(stack: Stack, group: Group, hook: _Hook) -> Answer:
    # A target that is told tells no rule: EventBridge hears of hooks in any case.
    return any_of(
        (
            _completes(stack, group),
            completed_by_told(stack, hook.owner, hook.prop, hook.target),
            completed_by_rules(stack),
        )
    )


def _completed(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        for hook in _hooks(group):
            answer = _answer(stack, group, hook)
            if answer.is_yes or not hook.launches:
                continue
            yield Violation(
                f'Lifecycle hook "{hook.name}" holds each new instance of Auto Scaling group '
                f'"{group.name}" for {hook.heartbeat:g} s, and nobody in this stack completes it '
                f"({answer.reason}): the instance is then terminated (ABANDON), and the next one too.",
                hook.owner,
                (f'Auto Scaling group "{group.name}"', f'hook "{hook.name}"', *answer.path),
                answer.remedy if answer.is_undecided else None,
                undecided=answer.is_undecided,
            )


HOOK_COMPLETED = StackRule(
    id="asg-launch-hook-completed",
    title="Lifecycle hooks that hold new instances are completed",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03", "REL07-BP01")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html",
    remedy=(
        "set the hook's default_result to CONTINUE, or let the instances complete it: allow their "
        f"role {_COMPLETE} and call it at the end of the user data."
    ),
    steps=(
        "Set default_result to CONTINUE: an instance then goes into service after the timeout.",
        (
            f"Or allow the instances' role {_COMPLETE}, and run `aws autoscaling "
            "complete-lifecycle-action` at the end of the user data."
        ),
        (
            "Or give the hook a notification_target_arn of a function that completes it, or of a queue "
            "that such a function reads by an aws.lambda_.EventSourceMapping."
        ),
    ),
    unknown=(
        "A role or policy that is not known is not decidable. A notification target of another stack, and "
        "whoever an EventBridge rule about Auto Scaling tells, counts as somebody who completes the hook."
    ),
    check=_completed,
)

# --- before an instance goes ----------------------------------------------------------------------


def _lingers(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        for hook in _hooks(group):
            if hook.launches or hook.heartbeat <= _PATIENT or not _answer(stack, group, hook).is_no:
                continue
            yield Violation(
                f'Lifecycle hook "{hook.name}" holds each instance that leaves Auto Scaling group '
                f'"{group.name}" for {hook.heartbeat:g} s, and nobody in this stack completes it: '
                "replacements and instance refreshes wait as long.",
                hook.owner,
                (
                    f'Auto Scaling group "{group.name}"',
                    f'hook "{hook.name}"',
                    "nobody completes it",
                ),
            )


HOOK_ENDS = StackRule(
    id="asg-terminate-hook-ends",
    title="Instances that are to go do not wait for nobody",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # what is on the instance may need the time
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html",
    remedy=(
        "set heartbeat_timeout to the seconds in which an instance ends its work, 900 at most, or let it "
        f"complete the hook: allow its role {_COMPLETE}."
    ),
    steps=(
        "Set heartbeat_timeout to what the instance needs, for example 120.",
        f"Or allow the instances' role {_COMPLETE}, and call it when the work has ended.",
    ),
    unknown="A role or policy that is not known counts as one that completes the hook.",
    check=_lingers,
)

RULES = (HOOK_COMPLETED, HOOK_ENDS)
