"""Resource labels of scaling policies that count requests per target: whose requests they name."""

from __future__ import annotations

from guardrails import tokens
from guardrails.architecture.alarms import service_behind
from guardrails.architecture.fleets import Group
from guardrails.architecture.scaling import Tracking
from guardrails.resources import Stack
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
    fronting = service_behind(stack, group.target_groups).balancers
    if not named or not fronting or fronting & set(named):
        return None
    names = ", ".join(f'"{one.name}"' for one in named)
    actual = ", ".join(sorted(f'"{one.name}"' for one in fronting))
    return (
        (
            f"counts requests of load balancer {names}, but the group's target group is behind "
            f"{actual}."
        ),
        right,
    )
