"""Relations of an Auto Scaling group: target groups, listeners, templates, deployment groups."""

from __future__ import annotations

from typing import Any

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items

GROUP_KEYS = ("name", "id")
TEMPLATE_KEYS = ("id", "name")
TARGET_GROUP_KEYS = ("arn", "id", "name")

TEMPLATE_PATHS = (("launchTemplate", ()), ("mixedInstancesPolicy", ("launchTemplate",)))
"""Where a group refers to its launch template: the top-level property, and the path inside it."""


def auto_scaling_groups(stack: Stack) -> list[Resource]:
    """Return every Auto Scaling group of the stack."""
    return stack.of(tokens.AUTO_SCALING_GROUP)


def target_groups(stack: Stack, group: Resource) -> list[Resource]:
    """Return the target groups in which the Auto Scaling group registers its instances."""
    found = [
        *stack.linked(group, "targetGroupArns", tokens.TARGET_GROUP, TARGET_GROUP_KEYS),
        *stack.linked(group, "trafficSources", tokens.TARGET_GROUP, TARGET_GROUP_KEYS),
    ]
    for types, prop in (
        (tokens.AUTO_SCALING_ATTACHMENT, "lbTargetGroupArn"),
        (tokens.TRAFFIC_SOURCE_ATTACHMENT, "trafficSource"),
    ):
        for attachment in stack.of(types):
            groups = stack.linked(
                attachment, "autoscalingGroupName", tokens.AUTO_SCALING_GROUP, GROUP_KEYS
            )
            if group in groups:
                found += stack.linked(attachment, prop, tokens.TARGET_GROUP, TARGET_GROUP_KEYS)
    return _distinct(found)


def has_launch_template(stack: Stack, group: Resource) -> bool:
    """Return whether the group launches from a template.

    A template that is unknown as a whole has to come from a launch template resource.
    """
    for prop, path in TEMPLATE_PATHS:
        template = dig(group.get(prop), *path)
        if template is UNKNOWN:
            if stack.sources(group, prop, tokens.LAUNCH_TEMPLATE):
                return True
        elif not is_absent(template):
            return True
    return False


def launch_templates(stack: Stack, group: Resource) -> list[Resource]:
    """Return the launch templates of the stack from which the group launches instances."""
    found = [
        template
        for prop, _ in TEMPLATE_PATHS
        for template in stack.linked(group, prop, tokens.LAUNCH_TEMPLATE, TEMPLATE_KEYS)
    ]
    return _distinct(found)


def serving_groups(stack: Stack) -> list[Resource]:
    """Return the Auto Scaling groups with a target group, or all groups if none has one.

    A group of workers needs no load balancer. If no group is attached at all, any of them may be
    the one that should be.
    """
    groups = auto_scaling_groups(stack)
    return [group for group in groups if target_groups(stack, group)] or groups


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


def deployment_groups(stack: Stack) -> list[Resource]:
    """Return every CodeDeploy deployment group of the stack."""
    return stack.of(tokens.DEPLOYMENT_GROUP)


def deployed_groups(stack: Stack, deployment_group: Resource) -> list[Resource]:
    """Return the Auto Scaling groups to which a deployment group deploys."""
    return stack.linked(
        deployment_group, "autoscalingGroups", tokens.AUTO_SCALING_GROUP, GROUP_KEYS
    )


def deployment_target_groups(stack: Stack, deployment_group: Resource) -> list[Resource]:
    """Return the target groups whose traffic a deployment group controls; it refers to names."""
    info = deployment_group.get("loadBalancerInfo", "targetGroupInfos")
    value = [UNKNOWN] if info is UNKNOWN else info
    return stack.linked(
        deployment_group,
        "loadBalancerInfo",
        tokens.TARGET_GROUP,
        ("name",),
        value=value if value is not None else [],
    )


def _distinct(resources: list[Resource]) -> list[Resource]:
    return list(dict.fromkeys(resources))
