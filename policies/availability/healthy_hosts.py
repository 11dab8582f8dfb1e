"""CodeDeploy's minimum healthy hosts: how many stay in service, and whether one is left to deploy to.

https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
"""

from __future__ import annotations

import math

FLEET_PERCENT = "FLEET_PERCENT"
HOST_COUNT = "HOST_COUNT"


def required(kind: str, value: float, size: float) -> int:
    """Return how many of `size` hosts must stay healthy; CodeDeploy rounds percentages up."""
    return math.ceil(size * value / 100) if kind == FLEET_PERCENT else math.ceil(value)


def arithmetic(kind: str, value: float, size: float) -> str:
    """Describe the calculation, as a clause."""
    hosts = required(kind, value, size)
    if kind == HOST_COUNT:
        return f"{hosts} of {size:g} host(s) must stay healthy"
    share = size * value / 100
    return f"{value:g} % of {size:g} host(s) is {share:g}, rounded up to {hosts}"


def deadlock(kind: str, value: float, size: float) -> str | None:
    """Return why no deployment to `size` hosts can begin, as a clause; None if one can."""
    if required(kind, value, size) < size:
        return None
    return (
        f"{arithmetic(kind, value, size)}, which leaves none to deploy to, so every deployment "
        "would fail"
    )


def largest_possible(size: int) -> tuple[int, int]:
    """Return the largest number and the largest percentage that `size` hosts can keep."""
    return size - 1, 100 * (size - 1) // size
