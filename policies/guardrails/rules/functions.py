"""The rule about functions behind a load balancer: it may call them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.functions import SERVICE, Functions
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack


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

RULES = (ADMITS_BALANCER,)
