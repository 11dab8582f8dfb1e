"""Relations of an Auto Scaling group: target groups, listeners, templates."""

from __future__ import annotations

from guardrails import tokens
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.targets import Targets
from guardrails.resources import Resource, Stack


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
    """Return the Auto Scaling groups that serve requests; `Targets` says which."""
    return stack.derived(Targets).serving_fleets()
