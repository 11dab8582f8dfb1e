"""The rule about the network of containers: tasks on Fargate fetch their image over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from guardrails.architecture.answers import all_of
from guardrails.architecture.containers import Containers
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.network import Network
from guardrails.architecture.permits import EGRESS
from guardrails.architecture.targets import Targets
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import is_true

_REGISTRY = ("ecr.api", "ecr.dkr", "s3")
"""What fetching an image from Amazon ECR needs without a route to the internet."""


def _images(stack: Stack, _: Settings) -> Iterator[Violation]:
    network, targets = stack.derived(Network), stack.derived(Targets)
    firewall = stack.derived(Firewall)
    for service in stack.derived(Containers).asked:
        if not service.on_fargate or service.subnets.untraced or service.subnets.possible:
            continue
        address = is_true(service.resource.get("networkConfiguration", "assignPublicIp"))
        party = targets.container_party(service)
        ways = [
            network.way_out(subnet, party, public_address=address, services=_REGISTRY)
            for subnet in service.subnets.resources
        ]
        if party.groups.any and not party.groups.untraced:
            ways.append(firewall.opens(EGRESS, party, 443))
        answer = all_of(ways)
        if not answer.is_no:
            continue
        if "public address" in answer.reason:
            answer = replace(answer, reason=answer.reason.replace("its instances", "its tasks"))
            answer = replace(
                answer,
                remedy=(
                    "set network_configuration.assign_public_ip of the service to true, or its "
                    "subnets to ones that are routed through a NAT gateway."
                ),
            )
        yield Violation(
            f'Tasks of service "{service.name}" cannot fetch their image, so none ever starts: '
            f"{answer.reason}.",
            service.resource,
            (f'service "{service.name}"', *answer.path),
            answer.remedy,
        )


FETCHES_IMAGE = StackRule(
    id="ecs-tasks-fetch-image",
    title="Tasks on Fargate can fetch their image",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05",)},
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html",
    remedy=(
        "route the subnets of the service through a NAT gateway, or add VPC endpoints for ecr.api, "
        "ecr.dkr and s3; in public subnets set assign_public_ip to true."
    ),
    steps=(
        "Give each private subnet's route table a route 0.0.0.0/0 to a NAT gateway of its zone.",
        "Or create VPC endpoints for ecr.api, ecr.dkr, s3, and logs where the tasks write there.",
        "Let the tasks' security group out on port 443.",
    ),
    unknown="What the routes of a subnet of another stack are, or which subnets there are, is left open.",
    check=_images,
)

RULES = (FETCHES_IMAGE,)
