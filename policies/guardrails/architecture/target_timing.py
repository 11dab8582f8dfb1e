"""How long targets take: to become healthy, to fail, to drain."""

from __future__ import annotations

from dataclasses import dataclass

from availability import target_groups

from guardrails.resources import Resource
from guardrails.values import UNKNOWN, is_absent, number

# Documented defaults of what a program does not set: provider docs, TargetGroup; ELB API reference,
# CreateTargetGroup and TargetGroupAttribute.
_INTERVAL = 30.0
_HEALTHY_THRESHOLD = 5.0
_UNHEALTHY_THRESHOLD = 3.0
_TIMEOUT = 5.0
_DEREGISTRATION = 300.0
_GRACE = 300.0  # as the provider sets it


@dataclass(frozen=True)
class Seconds:
    """A duration, or the property that makes it unknown."""

    value: float
    unknown: str | None = None


def seconds(resource: Resource, default: float, *path: str) -> Seconds:
    """Return a duration, or the documented default of an absent one."""
    given = resource.setting(*path)
    if is_absent(given):
        return Seconds(default)
    value = number(given)
    return Seconds(0, f"{path[-1]} is {resource.shown(*path)}") if value is None else Seconds(value)


def healthy_after(targets: Resource) -> Seconds:
    """Return how long a target takes to become healthy: each check in a row has to pass."""
    if targets.get("healthCheck") is UNKNOWN:
        return Seconds(0)  # tg-health-check-defined reports it
    interval = seconds(targets, _INTERVAL, "healthCheck", "interval")
    threshold = seconds(targets, _HEALTHY_THRESHOLD, "healthCheck", "healthyThreshold")
    return Seconds(
        target_groups.healthy_after(interval.value, threshold.value),
        interval.unknown or threshold.unknown,
    )


def fails_after(targets: Resource) -> Seconds:
    """Return how long a target that has failed gets requests: every check, and the last timeout.

    An interval that is unknown is reported by codedeploy-health-check-timing; a timeout that is
    unknown is left to the provider.
    """
    interval = seconds(targets, _INTERVAL, "healthCheck", "interval")
    threshold = seconds(targets, _UNHEALTHY_THRESHOLD, "healthCheck", "unhealthyThreshold")
    timeout = number(targets.get("healthCheck", "timeout"))
    last = _TIMEOUT if timeout is None else timeout
    return Seconds(
        target_groups.fails_after(interval.value, threshold.value, last), threshold.unknown
    )


def leaves_after(targets: Resource) -> Seconds:
    """Return how long a deregistered target may finish its requests."""
    return seconds(targets, _DEREGISTRATION, "deregistrationDelay")


def grace_period(group: Resource) -> Seconds:
    """Return for how long an Auto Scaling group ignores failed health checks of a new instance."""
    return seconds(group, _GRACE, "healthCheckGracePeriod")
