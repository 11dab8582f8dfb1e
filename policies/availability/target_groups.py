"""How long a target group takes: to see that a target works, that it has failed, that it is empty.

Limits: ELB API reference, CreateTargetGroup and TargetGroupAttribute.
"""

from __future__ import annotations

from collections.abc import Iterator

SHORTEST_DRAIN = 5.0
"""Seconds that requests in flight need at least; 0 cuts every one of them."""

LONGEST_DRAIN = 1800.0

LONGEST_DELAY = 3600.0
"""Seconds of a deregistration delay that the API accepts."""

LONGEST_FAILURE = 180.0
"""Seconds for which a target that has failed may get requests: visitors see its errors so long."""

SHORTEST_GRACE = 60.0
"""Seconds that boot and first deployment take at least."""

LONGEST_GRACE = 3600.0

INTERVAL = (5, 300)
TIMEOUT = (2, 120)
THRESHOLD = (2, 10)
"""What the API accepts for a health check: seconds, seconds, and checks in a row."""


def healthy_after(interval: float, threshold: float) -> float:
    """Return after how many seconds a target is healthy at the earliest: every check has to pass."""
    return interval * threshold


def fails_after(interval: float, threshold: float, timeout: float) -> float:
    """Return for how many seconds a target that has failed still gets requests, at most."""
    return interval * threshold + timeout


def bad_failure(seconds: float, most: float = LONGEST_FAILURE) -> str | None:
    """Return what is wrong with how long a failed target gets requests, as a clause; None if sane."""
    if seconds <= most:
        return None
    return (
        f"a target that has failed gets requests for {seconds:g} s (health check interval x "
        f"unhealthy_threshold + timeout); at most {most:g} s are allowed"
    )


def never_healthy(healthy: float, grace: float) -> str | None:
    """Return why Auto Scaling replaces every new instance, as a clause; None if it waits."""
    if healthy < grace:
        return None
    return f"an instance is healthy after {healthy:g} s at the earliest, and replaced after {grace:g} s"


def bad_grace(
    grace: float, healthy: float, least: float = SHORTEST_GRACE, most: float = LONGEST_GRACE
) -> str | None:
    """Return what is wrong with a grace period for failed checks, as a clause; None if it is sane.

    `healthy` is after how many seconds a new target is healthy at the earliest.
    """
    if (never := never_healthy(healthy, grace)) is not None:
        return never
    if grace < least:
        return (
            f"a new instance is checked {grace:g} s after it is in service; at least {least:g} s are "
            "required, for boot and first deployment: slower ones are replaced for ever"
        )
    if grace > most:
        return (
            f"a new instance that fails within {grace:g} s is not replaced; at most {most:g} s are "
            "allowed"
        )
    return None


def bad_drain(
    delay: float, least: float = SHORTEST_DRAIN, most: float = LONGEST_DRAIN
) -> str | None:
    """Return what is wrong with a deregistration delay, as a clause; None if it is sane."""
    if delay < least:
        return (
            f"requests get {delay:g} s to end when an instance leaves: every deployment and every "
            f"scale-in cuts those in flight; at least {least:g} s are required"
        )
    if delay > most:
        return (
            f"each instance that leaves is waited for {delay:g} s; at most {most:g} s are allowed"
        )
    return None


def refused_check(
    interval: float, timeout: float, healthy_threshold: float, unhealthy_threshold: float
) -> Iterator[str]:
    """Yield each reason for which the API refuses a health check, as a clause."""
    for name, value, (low, high) in (
        ("interval", interval, INTERVAL),
        ("timeout", timeout, TIMEOUT),
        ("healthy_threshold", healthy_threshold, THRESHOLD),
        ("unhealthy_threshold", unhealthy_threshold, THRESHOLD),
    ):
        if not low <= value <= high:
            yield f"{name} is {value:g}, it has to be {low} to {high}"
    if timeout >= interval:
        yield f"timeout {timeout:g} s is not below interval {interval:g} s"
