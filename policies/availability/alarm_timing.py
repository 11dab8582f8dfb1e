"""Whether an alarm goes off while a deployment can still be stopped. Pure.

CodeDeploy asks for its alarms until the deployment ends, and what has ended is not rolled back. So it has
to go on, after its first instances serve, for as long as an alarm needs. With a zonal configuration it
waits after each zone but the last:
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations-create.html#zonal-config
"""

from __future__ import annotations

import math

DELAY = 60.0
"""Seconds until a metric's data are there: load balancers send theirs in intervals of 60 s ("CloudWatch
metrics for your Application Load Balancer"), and an alarm with such periods is evaluated once a minute;
one with a shorter period, once in each period."""

BATCH = 20.0
"""Seconds that CodeDeploy takes at least for one batch of instances: out of service, stopped, installed,
started, in service again. The sample takes 22 s, with a short deregistration delay."""


def needed(points: float, period: float) -> float:
    """Return the seconds from the first bad answer until an alarm goes off, at the latest.

    The period in which the bad answers begin may have too few of them to be a bad data point; then come
    the data points, and the delay of the last one.
    """
    return (1 + points) * period + min(period, DELAY)


def at_least(points: float, period: float) -> float:
    """Return the seconds that it takes if the bad answers begin with a period."""
    return needed(points, period) - period


def watched(first: float, others: float, zones: int, batch: float = BATCH) -> float:
    """Return the seconds for which a deployment from zone to zone goes on after its first zone serves.

    `first` and `others` are the seconds for which it watches the first zone and each further one; after
    the last zone it does not wait.
    """
    if zones < 2:
        return 0.0
    return first + (zones - 2) * others + (zones - 1) * batch


def batches_left(size: float, kept: float, batch: float = BATCH) -> float:
    """Return the same for a deployment that keeps this many of `size` instances in service at a time."""
    at_a_time = max(1.0, size - kept)
    return (math.ceil(size / at_a_time) - 1) * batch


def too_late(seconds: float, left: float) -> str | None:
    """Return why an alarm that needs so many seconds stops no deployment, as a clause; None if it does."""
    if seconds <= left:
        return None
    return (
        f"an alarm needs up to {seconds:g} s of bad answers (a period's rest, data points x period, and "
        f"until the metric is there), but a deployment goes on for only {left:g} s after its first "
        "instances serve, and what has ended is not rolled back"
    )
