"""The rule about functions behind a load balancer: it may call them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.functions import SERVICE, Functions
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import number


def _called(stack: Stack, _: Settings) -> Iterator[Violation]:
    functions = stack.derived(Functions)
    for attachment in stack.of(tokens.TARGET_GROUP_ATTACHMENT):
        for target, callee in functions.called(attachment):
            yield from report(
                functions.may_be_called(callee, target),
                attachment,
                problem=f'Target group "{target.name}" cannot have its target',
            )


ADMITS_BALANCER = StackRule(
    id="lambda-admits-load-balancer",
    title="The load balancer may call the function behind it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html",
    remedy=f"add an aws.lambda_.Permission for {SERVICE} to the function.",
    steps=(
        "Create an aws.lambda_.Permission with the function, the principal and the action.",
        "Set source_arn to the ARN of the target group, and let the attachment depend on it.",
        "For an alias or version set qualifier as well: it has a policy of its own.",
    ),
    unknown=(
        "Unknown names and ARNs are resolved through the resources they come from. A function of "
        "another stack, whose policy is not here, is not decidable."
    ),
    check=_called,
)


def _throttled(stack: Stack, _: Settings) -> Iterator[Violation]:
    functions = stack.derived(Functions)
    seen: set[Resource] = set()
    for attachment in stack.of(tokens.TARGET_GROUP_ATTACHMENT):
        for target, callee in functions.called(attachment):
            one = callee.resource
            reserved = None if one is None else number(one.get("reservedConcurrentExecutions"))
            if one is None or one in seen or reserved not in (0, 1):
                continue
            seen.add(one)
            yield Violation(
                f'Function "{one.name}" never runs: reserved_concurrent_executions is 0, so Lambda '
                "throttles every call."
                if reserved == 0
                else f'Function "{one.name}" serves one visitor at a time: '
                "reserved_concurrent_executions is 1, so Lambda throttles every call beside it, and the "
                "load balancer answers 502.",
                one,
                (f'target group "{target.name}"', f'function "{one.name}"'),
            )


NOT_THROTTLED = StackRule(
    id="lambda-not-throttled",
    title="A function behind a load balancer is not throttled",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP02",)},
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    remedy="leave reserved_concurrent_executions out, or set it to what the function needs.",
    steps=(
        "Remove reserved_concurrent_executions=0, the switch that stops a function.",
        "Multiply requests a second by the seconds that one takes: so many run at once.",
    ),
    unknown="An unknown concurrency counts as one that lets it run.",
    check=_throttled,
)

RULES = (ADMITS_BALANCER, NOT_THROTTLED)
