"""Rules about App Runner: somebody reaches a service that is not public, and it may have two instances."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import number

_CONNECTION = ("aws:apprunner/vpcIngressConnection:VpcIngressConnection",)


def _unreached(stack: Stack, _: Settings) -> Iterator[Violation]:
    reached = {
        service
        for one in stack.of(_CONNECTION)
        for service in stack.references(
            one, "serviceArn", tokens.APP_RUNNER_SERVICE, ("arn", "id")
        ).any
    }
    for service in stack.of(tokens.APP_RUNNER_SERVICE):
        public = service.get("networkConfiguration", "ingressConfiguration", "isPubliclyAccessible")
        if public is False and service not in reached:
            yield Violation(
                f'Nobody reaches App Runner service "{service.name}": is_publicly_accessible is false, and '
                "no VPC ingress connection leads to it.",
                service,
                (f'service "{service.name}"', "no public address", "no VPC ingress connection"),
            )


REACHED = StackRule(
    id="app-runner-reached",
    title="Somebody can reach an App Runner service",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/apprunner/latest/dg/network-pl.html",
    remedy=(
        "create an aws.apprunner.VpcIngressConnection with the service's ARN and an interface endpoint, or "
        "set is_publicly_accessible to true."
    ),
    steps=(
        "Create an aws.ec2.VpcEndpoint for com.amazonaws.<region>.apprunner.requests.",
        "Create an aws.apprunner.VpcIngressConnection that names both.",
    ),
    unknown="Whether a service is public that the preview does not know is not judged.",
    check=_unreached,
)


def _alone(stack: Stack, _: Settings) -> Iterator[Violation]:
    for service in stack.of(tokens.APP_RUNNER_SERVICE):
        for sizes in stack.references(
            service, "autoScalingConfigurationArn", tokens.APP_RUNNER_SIZES, ("arn", "id")
        ).resources:
            if number(sizes.get("maxSize")) == 1:
                yield Violation(
                    f'App Runner service "{service.name}" never has a second instance: max_size of '
                    f'"{sizes.name}" is 1. What exceeds its concurrency is refused, and nothing serves '
                    "while it is replaced.",
                    sizes,
                    (f'service "{service.name}"', f'"{sizes.name}", max_size 1'),
                )


GROWS = StackRule(
    id="app-runner-second-instance",
    title="An App Runner service may have a second instance",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL07-BP03", "REL11-BP02")},
    url="https://docs.aws.amazon.com/apprunner/latest/dg/manage-autoscaling.html",
    remedy="set max_size of the auto scaling configuration to 2 or more, and min_size to 2.",
    steps=(
        "Set max_size to what the service may cost: 25 is the default.",
        "Set min_size to 2: App Runner then keeps instances in two zones.",
    ),
    unknown="A size that the preview does not know, and a configuration of others, are not judged.",
    check=_alone,
)

RULES = (REACHED, GROWS)
