"""Rules about how a fleet replaces its instances: processes, limits, lifetime, grace period."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from availability.target_groups import bad_grace, never_healthy

from guardrails.architecture import target_timing
from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.serving import Serving
from guardrails.model import (
    Level,
    Parameters,
    Question,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_HEALTHY: Parameters = MappingProxyType(
    {
        "minimumHealthyPercent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 50,
            "description": "Percent of the group that has to stay in service while it is replaced.",
        }
    }
)
_DEFAULT_REFRESH = 90.0  # Auto Scaling API reference, RefreshPreferences

_NEEDED_PROCESSES = MappingProxyType(
    {
        "Launch": "no instance is launched, so none that is lost is replaced",
        "Terminate": "an unhealthy instance is not terminated, and so not replaced",
        "HealthCheck": "an instance that has failed is not noticed",
        "ReplaceUnhealthy": "an instance that has failed is not replaced",
        "AddToLoadBalancer": "new instances are not registered and get no request",
    }
)


def _processes(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Fleets).groups:
        suspended = group.resource.get("suspendedProcesses")
        if is_absent(suspended):
            continue
        named = items(suspended)
        known = [one for one in named if one in _NEEDED_PROCESSES]
        if "AddToLoadBalancer" in known and not group.attached:
            known.remove("AddToLoadBalancer")
        if known:
            effects = "; ".join(f"{one}: {_NEEDED_PROCESSES[one]}" for one in known)
            others = [one for one in named if one not in known]
            yield Violation(
                f'Auto Scaling group "{group.name}" has suspended {", ".join(known)} ({effects}).',
                group.resource,
                remedy=(
                    f"take {', '.join(known)} out of suspended_processes"
                    f"{', and leave the rest' if others else ''}."
                ),
            )
        elif suspended is UNKNOWN or UNKNOWN in named:
            yield Violation(
                f'Auto Scaling group "{group.name}" has suspended_processes that are not known.',
                group.resource,
                remedy="list the processes as text, or leave suspended_processes out.",
                undecided=True,
            )


ASG_PROCESSES = StackRule(
    id="asg-processes-run",
    title="No Auto Scaling process that keeps a fleet alive is suspended",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html",
    remedy="take the process out of suspended_processes.",
    steps=(
        (
            "Remove Launch, Terminate, HealthCheck, ReplaceUnhealthy and AddToLoadBalancer from "
            "suspended_processes."
        ),
        "To work on one instance, put it into Standby instead.",
    ),
    unknown="A list that is not known is not decidable.",
    check=_processes,
)


def _lifetime(stack: Stack, settings: Settings) -> Iterator[Violation]:
    least = settings.integer("minimumLifetimeSeconds")
    for group in stack.derived(Serving).groups:
        given = group.given("maxInstanceLifetime")
        lifetime = number(given)
        if given is UNKNOWN:
            yield Violation(
                f'Auto Scaling group "{group.name}" has a max_instance_lifetime that is not known.',
                group.resource,
                remedy="give max_instance_lifetime as a number, in seconds.",
                undecided=True,
            )
        # Less than a day is refused by AWS: asg-settings-accepted reports it.
        elif lifetime is not None and 86400 <= lifetime < least:
            yield Violation(
                f'Auto Scaling group "{group.name}" replaces every instance after '
                f"{lifetime:g} s (max_instance_lifetime); at least {least} s are required, so that "
                "the fleet is not replacing itself all the time.",
                group.resource,
                remedy=f"set max_instance_lifetime to {least} or more, or leave it out.",
            )


ASG_LIFETIME = StackRule(
    id="asg-instance-lifetime",
    title="Instances live long enough",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html",
    remedy="lengthen max_instance_lifetime, or leave it out.",
    steps=("Set max_instance_lifetime to a week or more; 0 or none is without a limit.",),
    unknown="A lifetime that is not known is not decidable; an absent one is no limit.",
    parameters={
        "minimumLifetimeSeconds": {
            "type": "integer",
            "minimum": 86400,
            "default": 604800,
            "description": "Shortest max_instance_lifetime, in seconds.",
        }
    },
    check=_lifetime,
)


def _maintenance(group: Group, bound: str) -> Any:
    """Return a bound of the maintenance policy in percent, `None` if none is set."""
    value = dig(group.given("instanceMaintenancePolicy"), bound)
    return None if is_absent(value) or number(value) == -1 else value


def _limits(stack: Stack, settings: Settings) -> Iterator[Violation]:
    least = settings.integer("minimumHealthyPercent")
    for group in stack.derived(Serving).groups:
        healthy = _maintenance(group, "minHealthyPercentage")
        yield from _too_few(
            group, healthy, least, "instance_maintenance_policy.min_healthy_percentage", "replaced"
        )


def _too_few(
    group: Group, healthy: Any, least: int, label: str, moment: str
) -> Iterator[Violation]:
    percent = number(healthy)
    if healthy is UNKNOWN:
        yield Violation(
            f'Auto Scaling group "{group.name}" has a {label} that is not known.',
            group.resource,
            remedy=f"give {label} as a number.",
            undecided=True,
        )
    elif percent is not None and percent < least:
        size = group.minimum
        left = f", {int(size * percent / 100)} of {size} instances" if size else ""
        yield Violation(
            f'Auto Scaling group "{group.name}" keeps only {percent:g} % in service{left}, while '
            f"instances are {moment} ({label}); at least {least} % are required.",
            group.resource,
            remedy=f"set {label} to {max(least, 90)} or more.",
        )


ASG_MAINTENANCE = StackRule(
    id="asg-replacement-keeps-capacity",
    title="Enough instances stay in service while others are replaced",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP05", "REL11-BP03")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-maintenance-policy.html",
    remedy="raise instance_maintenance_policy.min_healthy_percentage.",
    steps=(
        "Set min_healthy_percentage=100 and max_healthy_percentage=200: launch before terminating.",
        "Or leave instance_maintenance_policy out.",
    ),
    unknown="A percentage that is not known is not decidable; without a policy it is the default.",
    parameters=_HEALTHY,
    check=_limits,
)


def _refresh(stack: Stack, settings: Settings) -> Iterator[Violation]:
    least = settings.integer("minimumHealthyPercent")
    for group in stack.derived(Serving).groups:
        refresh = group.given("instanceRefresh")
        if refresh is None:
            continue
        label = "instance_refresh.preferences.min_healthy_percentage"
        healthy = dig(refresh, "preferences", "minHealthyPercentage")
        if is_absent(healthy):
            continue  # the maintenance policy's, or else 90
        yield from _too_few(group, healthy, least, label, "refreshed")


ASG_REFRESH = StackRule(
    id="asg-refresh-keeps-capacity",
    title="Enough instances stay in service during an instance refresh",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05", "OPS06-BP03")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html",
    remedy="raise instance_refresh.preferences.min_healthy_percentage.",
    steps=(f"Set min_healthy_percentage to {_DEFAULT_REFRESH:g}, the default, or leave it out.",),
    unknown=(
        "A percentage that is not known is not decidable; an absent one is the maintenance "
        "policy's, or else 90."
    ),
    parameters=_HEALTHY,
    check=_refresh,
)


def _launch_first(stack: Stack, settings: Settings) -> Iterator[Violation]:
    small = settings.integer("smallFleet")
    for group in stack.derived(Serving).groups:
        size = group.minimum
        healthy = _maintenance(group, "minHealthyPercentage")
        percent = number(healthy)
        if size is None or size > small or healthy is UNKNOWN:
            continue
        if percent is not None and (percent >= 100 or percent < 50):
            continue  # asg-replacement-keeps-capacity reports less than half
        yield Violation(
            f'Auto Scaling group "{group.name}" may run {size} instances and terminates one before '
            "its replacement serves: min_healthy_percentage of instance_maintenance_policy is "
            f"{show(healthy)}.",
            group.resource,
        )


ASG_LAUNCH_FIRST = StackRule(
    id="asg-launch-before-terminate",
    title="A small fleet launches a replacement before it terminates an instance",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # without a policy Auto Scaling replaces both at the same time
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html",
    remedy=(
        "set instance_maintenance_policy with min_healthy_percentage 100 and "
        "max_healthy_percentage 200."
    ),
    steps=("Set min_healthy_percentage=100 and max_healthy_percentage=200 on the group.",),
    unknown="What is not known is reported by asg-replacement-keeps-capacity.",
    parameters={
        "smallFleet": {
            "type": "integer",
            "minimum": 0,
            "default": 3,
            "description": "Largest min_size of a group that counts as small.",
        }
    },
    check=_launch_first,
)


def _grace(stack: Stack, settings: Settings) -> Iterator[Violation]:
    least = settings.integer("minimumGraceSeconds")
    most = settings.integer("maximumGraceSeconds")
    for group in stack.derived(Serving).groups:
        kind = group.resource.get("healthCheckType")
        given = number(group.resource.get("healthCheckGracePeriod"))
        checked = isinstance(kind, str) and "ELB" in kind.split(",")
        if not checked or given is None:  # asg-elb-health-check, codedeploy-health-check-timing
            continue
        slowest = max(
            (target_timing.healthy_after(one).value for one in group.target_groups), default=0
        )
        if never_healthy(slowest, given) is not None and group.target_groups:
            continue  # codedeploy-health-check-timing reports it
        problem = bad_grace(given, -1, least, most)
        if problem is not None:
            wanted = (
                str(max(least, 300))
                if given < least
                else f"boot time plus first deployment, for example {min(most, 600)}"
            )
            yield Violation(
                f'Auto Scaling group "{group.name}": {problem} (health_check_grace_period).',
                group.resource,
                remedy=f"set health_check_grace_period to {wanted}.",
            )


ASG_GRACE = StackRule(
    id="asg-grace-period",
    title="The health check grace period covers the start of an instance",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html",
    remedy="set health_check_grace_period to boot time plus first deployment.",
    steps=("Measure boot plus first deployment, and set health_check_grace_period to twice that.",),
    unknown=(
        "An unknown grace period is reported by codedeploy-health-check-timing; an absent one is "
        "the provider's default, 300 s."
    ),
    parameters={
        "minimumGraceSeconds": {
            "type": "integer",
            "minimum": 0,
            "default": 60,
            "description": "Shortest grace period, in seconds.",
        },
        "maximumGraceSeconds": {
            "type": "integer",
            "minimum": 0,
            "default": 3600,
            "description": "Longest grace period, in seconds.",
        },
    },
    check=_grace,
)

RULES = (
    ASG_PROCESSES,
    ASG_LIFETIME,
    ASG_MAINTENANCE,
    ASG_REFRESH,
    ASG_LAUNCH_FIRST,
    ASG_GRACE,
)
