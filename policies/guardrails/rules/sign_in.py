"""The rule about sign-in at the load balancer: it asks the identity provider itself."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permits import EGRESS
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, listener_step, listeners_of
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Stack
from guardrails.values import dig, items

_HTTPS = 443


def _sign_in(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
    )
    said = set()
    for resource in stack.of((*tokens.LISTENER, *tokens.LISTENER_RULE)):
        prop = "defaultActions" if resource.type in tokens.LISTENER else "actions"
        kinds = [str(dig(one, "type")) for one in items(resource.get(prop))]
        if not any(kind.startswith("authenticate-") for kind in kinds):
            continue
        for listener in listeners_of(stack, resource):
            balancer = traffic.balancer(listener)
            if balancer is None or balancer in said:
                continue
            said.add(balancer)
            party = targets.balancer_party(balancer)
            answer = firewall.opens(EGRESS, party, _HTTPS)
            if answer.is_no:
                yield Violation(
                    f'Nobody gets past the sign-in of load balancer "{balancer.name}": it asks the '
                    f"identity provider by HTTPS itself, and {answer.reason}.",
                    balancer,
                    (listener_step(listener), *answer.path, "identity provider, port 443"),
                    "allow egress on port 443 to 0.0.0.0/0 in the security group of the load balancer.",
                )


REACHES_PROVIDER = StackRule(
    id="elb-reaches-identity-provider",
    title="A load balancer that lets visitors sign in reaches the identity provider",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC05-BP02", "REL02-BP01")},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html",
    remedy="allow egress on port 443 to 0.0.0.0/0 in the security group of the load balancer.",
    steps=(
        "Add an egress rule for tcp 443 to 0.0.0.0/0 beside that to the instances.",
        "An internal load balancer also needs a NAT gateway in its subnets' routes.",
    ),
    unknown="Security groups of another stack are left to it.",
    check=_sign_in,
)

RULES = (REACHES_PROVIDER,)
