"""Relations of an Auto Scaling group: target groups, listeners, templates."""

from __future__ import annotations

from typing import Any

from guardrails import tokens
from guardrails.architecture.fleets import TARGET_GROUP_KEYS, Fleets
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items


def auto_scaling_groups(stack: Stack) -> list[Resource]:
    """Return every Auto Scaling group of the stack."""
    return stack.of(tokens.AUTO_SCALING_GROUP)


def target_groups(stack: Stack, group: Resource) -> list[Resource]:
    """Return the target groups of the stack in which the group registers its instances."""
    return list(stack.derived(Fleets).of(group).target_groups)


def has_launch_template(stack: Stack, group: Resource) -> bool:
    """Return whether the group launches from a template.

    A template that is unknown as a whole has to come from a launch template resource.
    """
    return stack.derived(Fleets).of(group).launching.given


def launch_templates(stack: Stack, group: Resource) -> list[Resource]:
    """Return the launch templates of the stack from which the group launches instances."""
    return list(stack.derived(Fleets).of(group).launching.templates)


def serving_groups(stack: Stack) -> list[Resource]:
    """Return the Auto Scaling groups behind a load balancer, or all groups if none is."""
    return [group.resource for group in stack.derived(Fleets).serving]


def forwarded_target_groups(stack: Stack) -> list[Resource]:
    """Return the target groups to which a listener, or a rule of one, forwards requests."""
    found: list[Resource] = []
    for types, prop in ((tokens.LISTENER, "defaultActions"), (tokens.LISTENER_RULE, "actions")):
        for listener in stack.of(types):
            found += stack.linked(
                listener,
                prop,
                tokens.TARGET_GROUP,
                TARGET_GROUP_KEYS,
                value=_forward_references(listener.get(prop)),
            )
    return _distinct(found)


def _forward_references(actions: Any) -> Any:
    # An action list that is unknown as a whole is resolved through its dependencies: a listener has
    # no other use for a target group than forwarding to it.
    if actions is UNKNOWN:
        return [UNKNOWN]
    references: list[Any] = []
    for action in items(actions):
        if action is UNKNOWN:
            references.append(UNKNOWN)
        elif isinstance(action, dict) and action.get("type") == "forward":
            references.append(action.get("targetGroupArn"))
            targets = dig(action, "forward", "targetGroups")
            references += [dig(one, "arn") for one in items(targets)] or [targets]
    return [reference for reference in references if reference is not None]


def _distinct(resources: list[Resource]) -> list[Resource]:
    return list(dict.fromkeys(resources))
