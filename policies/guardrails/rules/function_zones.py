"""The rule about functions behind a load balancer: in a VPC they run in the zones of their subnets."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.zones import only_zone
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent


def _serving(stack: Stack) -> list[Resource]:
    """Return the functions that are registered in a target group."""
    found = [
        function
        for attachment in stack.of(tokens.TARGET_GROUP_ATTACHMENT)
        for function in stack.references(
            attachment, "targetId", tokens.LAMBDA_FUNCTION, ("arn", "id")
        ).resources
    ]
    return list(dict.fromkeys(found))


def _one_zone(stack: Stack, _: Settings) -> Iterator[Violation]:
    for function in _serving(stack):
        given = function.get("vpcConfig", "subnetIds")
        if is_absent(given):
            continue
        found = stack.references(function, "vpcConfig", tokens.SUBNET, ("id",), value=given)
        zone = only_zone(found)
        if zone is not None:
            yield Violation(
                f'Function "{function.name}" serves requests, and runs in {zone} only: that is the '
                "zone of every subnet of its vpc_config.",
                function,
                (
                    f'function "{function.name}"',
                    *(f'subnet "{one.name}"' for one in found.resources),
                ),
            )


FUNCTION_MULTI_AZ = StackRule(
    id="lambda-multi-az",
    title="A function in a VPC that serves requests runs in several Availability Zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("LAMBDA_VPC_MULTI_AZ_CHECK",),
        "Security Hub": ("Lambda.5",),
        "Well-Architected": ("REL10-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/lambda-vpc-multi-az-check.html",
    remedy="set vpc_config.subnet_ids of the function to subnets in different zones.",
    steps=("Pass one private subnet per Availability Zone to vpc_config.subnet_ids.",),
    unknown="Unknown ids are resolved through subnets; those of another stack are not judged.",
    check=_one_zone,
)

RULES = (FUNCTION_MULTI_AZ,)
