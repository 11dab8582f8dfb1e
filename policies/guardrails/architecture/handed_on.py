"""Load balancers that a stack exports: other stacks add listeners, rules and targets to them."""

from __future__ import annotations

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, leaves

_SERVING = (
    *tokens.AUTO_SCALING_GROUP,
    *tokens.TARGET_GROUP,
    *tokens.CONTAINER_SERVICE,
    *tokens.DEPLOYMENT_GROUP,
    tokens.HIGHLY_AVAILABLE_SERVICE,
)
_OWN_NAMES = ("balancer", "listener", "alb", "nlb", "elb")
"""What load balancers and listeners are called in the names of outputs."""


def is_handed_on(stack: Stack, *resources: Resource) -> bool:
    """Return whether the stack exports the ARN of one of these resources, or may.

    A preview does not know which ARN an output is: its name has to say that it is one, and not that it is
    that of a resource of another kind, such as `targetGroupArn`.
    """
    arns = [one.get("arn") for one in resources]
    known = {arn for arn in arns if isinstance(arn, str) and arn}
    told = len(known) == len(arns)
    others = _other_kinds(stack)
    for root in stack.of(tokens.STACK):
        for name, value in _outputs("", root.properties):
            if value in known or (not told and value is UNKNOWN and _may_be_arn(name, others)):
                return True
    return False


def _other_kinds(stack: Stack) -> set[str]:
    """Return the kinds of the stack's other resources, as names contain them: `targetgroup`."""
    handed = (*tokens.LOAD_BALANCER, *tokens.LISTENER)
    kinds = {
        one.type.rpartition(":")[2].lower() for one in stack.resources if one.type not in handed
    }
    return {one for one in kinds if not any(own in one for own in _OWN_NAMES)}


def _may_be_arn(name: str, others: set[str]) -> bool:
    said = name.lower().replace("_", "").replace("-", "")
    if "arn" not in said:
        return False
    return any(own in said for own in _OWN_NAMES) or not any(kind in said for kind in others)


def only_hands_on(stack: Stack) -> Resource | None:
    """Return the load balancer of a stack that has one for other stacks, and nothing that serves."""
    balancers = stack.of(tokens.LOAD_BALANCER)
    if not balancers or stack.of(_SERVING):
        return None
    handed = is_handed_on(stack, *balancers, *stack.of(tokens.LISTENER))
    return balancers[0] if handed else None


def _outputs(name: str, value: object) -> list[tuple[str, object]]:
    """Return the values of outputs with their names; one in an object has the name that it has there."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in _outputs(str(key), inner)]
    return [(name, one) for one in leaves(value)]
