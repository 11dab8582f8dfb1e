"""The rule about combinations of an Auto Scaling group's settings that the API refuses."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails.architecture.fleets import Fleets, Group
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items, number, show

_DAY, _YEAR = 86400, 31536000
_PROCESSES = frozenset(
    (
        "Launch",
        "Terminate",
        "AddToLoadBalancer",
        "AlarmNotification",
        "AZRebalance",
        "HealthCheck",
        "InstanceRefresh",
        "ReplaceUnhealthy",
        "ScheduledActions",
    )
)

Problem = tuple[str, str]


def _sizes(resource: Resource, *, unset: float | None) -> Problem | None:
    """Return what is wrong with the order of the three sizes; `unset` is one that does not count."""
    least, wanted, most = (
        _size(resource, prop, unset) for prop in ("minSize", "desiredCapacity", "maxSize")
    )
    if least is not None and most is not None and least > most:
        return f"min_size {least:g} is above max_size {most:g}", "set max_size to min_size or more."
    if wanted is None:
        return None
    if least is not None and wanted < least:
        return (
            f"desired_capacity {wanted:g} is below min_size {least:g}",
            "set desired_capacity between min_size and max_size, or leave it out.",
        )
    if most is not None and wanted > most:
        return (
            f"desired_capacity {wanted:g} is above max_size {most:g}",
            "set desired_capacity between min_size and max_size, or leave it out.",
        )
    return None


def _size(resource: Resource, prop: str, unset: float | None) -> float | None:
    value = number(resource.get(prop))
    return None if value == unset else value


def _lifetime(group: Group) -> Problem | None:
    lifetime = number(group.given("maxInstanceLifetime"))
    if lifetime is None or lifetime == 0 or _DAY <= lifetime <= _YEAR:
        return None
    return (
        f"max_instance_lifetime is {lifetime:g} s, which has to be 0 or {_DAY} to {_YEAR}",
        "set max_instance_lifetime to a week (604800) or more, or leave it out.",
    )


def _limits(group: Group) -> Problem | None:
    for prop, path, label in (
        ("instanceMaintenancePolicy", (), "instance_maintenance_policy"),
        ("instanceRefresh", ("preferences",), "instance_refresh.preferences"),
    ):
        limits = dig(group.given(prop), *path)
        least = number(dig(limits, "minHealthyPercentage"))
        most = number(dig(limits, "maxHealthyPercentage"))
        if least is None or most is None or -1 in (least, most):
            continue
        if most - least > 100 or not 0 <= least <= 100 <= most <= 200:
            return (
                (
                    f"{label} has min_healthy_percentage {least:g} and max_healthy_percentage {most:g}: "
                    "the first is 0 to 100, the second 100 to 200, at most 100 apart"
                ),
                f"set {label} to 100 and 200, or to 90 and 120.",
            )
    return None


def _processes(group: Group) -> Problem | None:
    named = items(group.resource.get("suspendedProcesses"))
    wrong = [one for one in named if isinstance(one, str) and one not in _PROCESSES]
    if not wrong:
        return None
    return (
        f"suspended_processes has {show(wrong[0])}, which is not a process",
        f"name processes as the API does: {', '.join(sorted(_PROCESSES))}.",
    )


def _spot_template(group: Group) -> Problem | None:
    if not group.launching.mixed:
        return None
    spot = group.launching.spot_templates()
    named = [one for one in spot if one.get("instanceMarketOptions") is not UNKNOWN]
    if not named:
        return None
    return (
        (
            f'its mixed_instances_policy uses launch template "{named[0].name}", which asks for Spot '
            "Instances itself"
        ),
        "take instance_market_options out of the launch template; instances_distribution decides.",
    )


def _places(group: Group) -> Problem | None:
    # A saved state has the zones of the subnets as well: only the program's own values tell.
    own = group.resource.inputs is not None
    both = (group.given("availabilityZones"), group.given("vpcZoneIdentifiers"))
    if not own or None in both or UNKNOWN in both:
        return None
    return (
        "it has both availability_zones and vpc_zone_identifiers",
        "keep vpc_zone_identifiers, and take availability_zones out.",
    )


def _accepted(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        subject = f'AWS would refuse Auto Scaling group "{group.name}"'
        for problem in (
            _sizes(group.resource, unset=None),
            _lifetime(group),
            _limits(group),
            _processes(group),
            _spot_template(group),
            _places(group),
        ):
            if problem is not None:
                yield Violation(f"{subject}: {problem[0]}.", group.resource, remedy=problem[1])
        for schedule in group.schedules:
            problem = _sizes(schedule, unset=-1)
            if problem is not None:
                yield Violation(
                    f'AWS would refuse scheduled action "{schedule.name}": {problem[0]}.',
                    schedule,
                    remedy=problem[1],
                )


SETTINGS_ACCEPTED = StackRule(
    id="asg-settings-accepted",
    title="Auto Scaling accepts the group's settings",
    question=Question.VALID,
    severity=Severity.HIGH,
    url="https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html",
    remedy="correct the setting as the API reference has it.",
    steps=(
        "Order the sizes: min_size <= desired_capacity <= max_size.",
        "Keep min_healthy_percentage and max_healthy_percentage at most 100 apart.",
        "Set max_instance_lifetime to 0, or to 86400 and more.",
    ),
    unknown="Unknown values do not count against the group.",
    check=_accepted,
)

RULES = (SETTINGS_ACCEPTED,)
