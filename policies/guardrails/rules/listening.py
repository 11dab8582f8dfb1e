"""The rule about load balancers that get traffic but have no listener."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from guardrails import tokens
from guardrails.architecture.handed_on import is_handed_on
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import ARN_KEYS, Traffic
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack

_ELSEWHERE = "listenersElsewhere"
# Rules of their own say on which port these find no listener.
_FRONTS = (*tokens.TARGET_GROUP_ATTACHMENT, *tokens.ACCELERATOR_GROUP)


def _deaf(stack: Stack, settings: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    if stack.derived(Targets).stranded() or not any(map(traffic.listeners, traffic.balancers)):
        return  # asg-behind-listener reports that the fleet gets no request
    if any(_is_loose(stack, one) for one in stack.of(tokens.LISTENER)):
        return  # a listener whose load balancer is not known may be that of any
    elsewhere = settings.texts(_ELSEWHERE)
    for balancer in traffic.balancers:
        named = any(fnmatchcase(balancer.name, one) for one in elsewhere)
        if not traffic.listeners(balancer) and not named:
            yield from _report(stack, balancer)


def _is_loose(stack: Stack, listener: Resource) -> bool:
    found = stack.references(listener, "loadBalancerArn", tokens.LOAD_BALANCER, ARN_KEYS)
    return bool(found.untraced or found.possible)


def _report(stack: Stack, balancer: Resource) -> Iterator[Violation]:
    users = stack.users(balancer)
    if any(one.type in _FRONTS for one in users):
        return
    if not users or is_handed_on(stack, balancer):
        why = "the stack hands out an ARN" if users else "nothing in this stack refers to it"
        yield Violation(
            f'whether load balancer "{balancer.name}" has a listener is not known: this stack creates '
            f"none, and {why}, so another stack may.",
            balancer,
            remedy=(
                "create its aws.lb.Listener in this stack, or remove it; where another stack creates it, "
                f'name "{balancer.name}" in {_ELSEWHERE} of this rule in the policy configuration.'
            ),
            undecided=True,
        )
        return
    records = [one for one in users if one.type in tokens.DNS_RECORD]
    first = (records or users)[0]
    kind = "record" if records else first.type.rpartition(":")[2]
    yield Violation(
        f'Nobody is answered at load balancer "{balancer.name}": it has no listener.',
        balancer,
        (f'{kind} "{first.name}"', f'load balancer "{balancer.name}"', "no listener"),
    )


HAS_LISTENER = StackRule(
    id="elb-has-listener",
    title="Every load balancer that something refers to has a listener",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html",
    remedy=(
        "create an aws.lb.Listener with its load_balancer_arn, or let what refers to it use the load "
        "balancer that serves."
    ),
    steps=(
        "Create an aws.lb.Listener for the load balancer whose default action forwards.",
        "Or remove the load balancer, and point records and alarms at the one that serves.",
    ),
    unknown=(
        "A listener whose load balancer is not known counts as one of any. A load balancer without a "
        "listener is undecided where nothing in the stack refers to it, or an output of the stack hands on "
        f"its ARN: another stack may use it. {_ELSEWHERE} says that one does."
    ),
    parameters={
        _ELSEWHERE: {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": (
                "Names (globs) of load balancers whose listeners another stack creates, where they are "
                "judged."
            ),
        }
    },
    check=_deaf,
)

RULES = (HAS_LISTENER,)
