"""How a fleet hangs together: Auto Scaling group, target group, listener, deployment group."""

from __future__ import annotations

from typing import Any

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items

GROUP_KEYS = ("name", "id")
TEMPLATE_KEYS = ("id", "name")
TARGET_GROUP_KEYS = ("arn", "id", "name")


def auto_scaling_groups(stack: Stack) -> list[Resource]:
    """Every Auto Scaling group of the stack."""
    return stack.of(tokens.AUTO_SCALING_GROUP)


def target_groups(stack: Stack, group: Resource) -> list[Resource]:
    """The target groups in which the Auto Scaling group registers its instances."""
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


TEMPLATE_PATHS = (("launchTemplate", ()), ("mixedInstancesPolicy", ("launchTemplate",)))
"""Where a group names its launch template: the top-level property, and the path inside it."""


def has_launch_template(stack: Stack, group: Resource) -> bool:
    """Whether the group launches from a template; an unknown one counts where it comes from one."""
    for prop, path in TEMPLATE_PATHS:
        template = dig(group.get(prop), *path)
        if template is UNKNOWN:
            if stack.sources(group, prop, tokens.LAUNCH_TEMPLATE):
                return True
        elif not is_absent(template):
            return True
    return False


def launch_templates(stack: Stack, group: Resource) -> list[Resource]:
    """The launch templates of the stack from which the group launches its instances."""
    found = [
        template
        for prop, _ in TEMPLATE_PATHS
        for template in stack.linked(group, prop, tokens.LAUNCH_TEMPLATE, TEMPLATE_KEYS)
    ]
    return _distinct(found)


def serving_groups(stack: Stack) -> list[Resource]:
    """The Auto Scaling groups behind a target group; all of them where none is.

    A fleet of workers without a balancer may stand beside the serving one; where no group is
    attached at all, each of them may be the one that should be.
    """
    groups = auto_scaling_groups(stack)
    return [group for group in groups if target_groups(stack, group)] or groups


def forwarded_target_groups(stack: Stack) -> list[Resource]:
    """The target groups to which a listener, or a rule of one, forwards requests."""
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
    # An action list that is unknown as a whole is decided by its dependencies: a listener has no
    # other use for a target group than forwarding to it.
    if actions is UNKNOWN:
        return [UNKNOWN]
    references: list[Any] = []
    for action in items(actions):
        if action is UNKNOWN:
            references.append(UNKNOWN)
        elif isinstance(action, dict) and action.get("type") == "forward":
            references.append(action.get("targetGroupArn"))
            forward = action.get("forward")
            targets = forward if forward is UNKNOWN else items((forward or {}).get("targetGroups"))
            references += (
                [UNKNOWN]
                if targets is UNKNOWN
                else [t if t is UNKNOWN else t.get("arn") for t in targets]
            )
    return [reference for reference in references if reference is not None]


def deployment_groups(stack: Stack) -> list[Resource]:
    """Every CodeDeploy deployment group of the stack."""
    return stack.of(tokens.DEPLOYMENT_GROUP)


def deployed_groups(stack: Stack, deployment_group: Resource) -> list[Resource]:
    """The Auto Scaling groups to which a deployment group deploys."""
    return stack.linked(
        deployment_group, "autoscalingGroups", tokens.AUTO_SCALING_GROUP, GROUP_KEYS
    )


def deployment_target_groups(stack: Stack, deployment_group: Resource) -> list[Resource]:
    """The target groups at which a deployment group controls the traffic, named by name."""
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
