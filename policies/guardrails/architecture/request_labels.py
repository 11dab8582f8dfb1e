"""Resource labels of scaling policies that count requests per target: whose requests they name."""

from __future__ import annotations

from guardrails import tokens
from guardrails.architecture.fleets import TARGET_GROUP_KEYS, Group
from guardrails.architecture.scaling import Tracking
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, show


def label_problem(stack: Stack, group: Group, tracked: Tracking) -> tuple[str, str] | None:
    """Return what is wrong with the resource label of requests per target, and the remedy."""
    right = (
        "set resource_label to <load balancer's arn_suffix>/<target group's arn_suffix> of the "
        "target group of the Auto Scaling group, and of the load balancer that forwards to it."
    )
    if not group.attached:
        return None  # asg-behind-listener reports it
    if is_absent(tracked.label):
        return f"counts requests per target without a resource_label: {show(None)}.", right
    if not group.target_groups:
        return None  # the target group of another stack
    if tracked.label is UNKNOWN:
        return _sources(stack, group, tracked, right)
    own = ", ".join(f'"{one.name}"' for one in group.target_groups)
    suffixes = [one.get("arnSuffix") for one in group.target_groups]
    if not any(isinstance(one, str) and one in str(tracked.label) for one in suffixes):
        return (
            (
                f"counts the requests of {show(tracked.label)}, not of the group's own target group "
                f"{own}."
            ),
            right,
        )
    return None


def _sources(stack: Stack, group: Group, tracked: Tracking, right: str) -> tuple[str, str] | None:
    """Judge a label that is not known by the resources that it comes from."""
    own = ", ".join(f'"{one.name}"' for one in group.target_groups)
    prop = "targetTrackingConfiguration"
    named = stack.sources(tracked.policy, prop, tokens.TARGET_GROUP)
    if named and not set(named) & set(group.target_groups):
        others = ", ".join(f'"{one.name}"' for one in named)
        return (
            f"counts the requests of target group {others}, but the group is behind {own}.",
            right,
        )
    return _balancer(stack, group, tracked, right)


def _balancer(stack: Stack, group: Group, tracked: Tracking, right: str) -> tuple[str, str] | None:
    named = stack.sources(tracked.policy, "targetTrackingConfiguration", tokens.LOAD_BALANCER)
    fronting = _balancers_of(stack, group)
    if not named or not fronting or set(named) & set(fronting):
        return None
    names = ", ".join(f'"{one.name}"' for one in named)
    actual = ", ".join(f'"{one.name}"' for one in fronting)
    return (
        (
            f"counts requests of load balancer {names}, but the group's target group is behind "
            f"{actual}."
        ),
        right,
    )


def _balancers_of(stack: Stack, group: Group) -> list[Resource]:
    """Return the load balancers with a listener, or a rule of one, that names the target groups."""
    listeners: list[Resource] = []
    for types, prop in ((tokens.LISTENER, "defaultActions"), (tokens.LISTENER_RULE, "actions")):
        for one in stack.of(types):
            targets = stack.linked(one, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS)
            if not targets and one.get(prop) is UNKNOWN:
                targets = stack.sources(one, prop, tokens.TARGET_GROUP)
            if not set(targets) & set(group.target_groups):
                continue
            if types == tokens.LISTENER:
                listeners.append(one)
            else:
                listeners += stack.linked(one, "listenerArn", tokens.LISTENER, ("arn", "id"))
    return [
        balancer
        for listener in listeners
        for balancer in stack.linked(
            listener, "loadBalancerArn", tokens.LOAD_BALANCER, ("arn", "id")
        )
    ]
