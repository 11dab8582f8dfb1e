"""The rule about IPv6 at a load balancer with both families: visitors who come by it are served, too."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.answers import Answer
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.network import Network
from guardrails.architecture.permits import INGRESS, WORLD, WORLD_6
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, is_internal, listener_step, protocol_of
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import number


def _routed(stack: Stack, balancer: Resource) -> Answer | None:
    """Return why visitors by IPv6 get no answer from a subnet where those by IPv4 do."""
    network = stack.derived(Network)
    for subnet in stack.derived(Targets).balancer_subnets(balancer):
        answer = network.is_public(subnet, 6)
        if answer.is_no and network.is_public(subnet, 4).is_yes:
            return answer
    return None


def _admitted(stack: Stack, balancer: Resource) -> tuple[str, Answer] | None:
    """Return a listener that admits visitors by IPv4 only, and why."""
    firewall, party = stack.derived(Firewall), stack.derived(Targets).balancer_party(balancer)
    for listener in stack.derived(Traffic).listeners(balancer):
        port = number(listener.get("port"))
        if port is None:
            continue
        first, second = (
            firewall.passes(INGRESS, party, visitors, int(port), protocol_of(listener))
            for visitors in (WORLD, WORLD_6)
        )
        if first.is_yes and second.is_no:
            return listener_step(listener), second
    return None


def _served(stack: Stack, _: Settings) -> Iterator[Violation]:
    for balancer in stack.derived(Traffic).balancers:
        if balancer.get("ipAddressType") != "dualstack" or is_internal(balancer):
            continue
        subnets = stack.derived(Targets).balancer_subnets(balancer)
        if any(isinstance(one, Resource) and one.left_out("ipv6CidrBlock") for one in subnets):
            continue  # elbv2-accepted reports subnets without addresses of IPv6
        what = f'Visitors who come to load balancer "{balancer.name}" by IPv6 wait in vain'
        routed, admitted = _routed(stack, balancer), _admitted(stack, balancer)
        if routed is not None:
            yield Violation(
                f"{what}, although its ip_address_type is dualstack: {routed.reason}.",
                balancer,
                routed.path,
                "add an aws.ec2.Route with destination_ipv6_cidr_block ::/0 and gateway_id of the internet "
                'gateway to the route table of its subnets, or set ip_address_type to "ipv4".',
            )
        elif admitted is not None:
            step, answer = admitted
            yield Violation(
                f"{what}, although its ip_address_type is dualstack: {answer.reason}.",
                balancer,
                ("visitor by IPv6", step, *answer.path),
                "add ::/0 to ipv6_cidr_blocks of the rule of the load balancer's security group, or set "
                'ip_address_type to "ipv4".',
            )


SERVED = StackRule(
    id="elb-serves-both-families",
    title="A load balancer with both families serves visitors by IPv6 as well",
    question=Question.SERVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    remedy="route ::/0 to the internet gateway, and admit ::/0 where 0.0.0.0/0 is admitted.",
    steps=(
        "Give the route table of the public subnets a route ::/0 to the internet gateway.",
        "Give each rule that admits 0.0.0.0/0 the source ::/0, too.",
    ),
    unknown="Groups, subnets and routes that are not known are not judged.",
    check=_served,
)

RULES = (SERVED,)
