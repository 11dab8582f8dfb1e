"""What one instance can serve, and the number of instances and the scaling target that follow.

An instance that has spent its CPU credits runs at its type's baseline. So it serves as many requests a
second as their CPU time fits into that. docs/calibration.md has the reasoning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from commandline.errors import UserError
from region.machines.instance_types import InstanceType

BUSIEST: Final = 0.85
"""Share of its baseline that an instance may use once a zone is lost: beyond that, requests queue for
a throttled CPU and the 99th percentile grows with every per cent."""
FEWEST_ZONES: Final = 2
MOST_ZONES: Final = 6
"""us-east-1 has six, more than any other Region."""
LEAST: Final = 1e-6
MOST: Final = 1e6
"""Milliseconds of a request, and requests per second: beyond these nobody plans one stack."""


class CapacityError(UserError):
    """What is asked for cannot be planned; the message names the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stack needs.

    Attributes:
        per_instance: Requests per second of an instance that uses all of its baseline.
        utilization: Share of its baseline that an instance uses on average, with every zone up.
        desired_capacity: Instances, the same number in each zone.
        requests_per_target: Target tracking's target, in requests per minute and instance.
        lost: Share of its baseline that an instance uses at the given rate when one zone is lost.
    """

    per_instance: float
    utilization: float
    desired_capacity: int
    requests_per_target: int
    lost: float


def plan(request_ms: float, kind: InstanceType, rate: float, zones: int) -> Plan:
    """Plan for `rate` requests per second over `zones`, each request costing `request_ms` of reference CPU.

    The target is what an instance may get while every zone is up, so that after the loss of one zone the
    others take its requests and stay below BUSIEST.

    Raises:
        CapacityError: A value is none that a stack can have, or there is no second zone.
    """
    for name, value in (("CPU time per request", request_ms), ("rate", rate)):
        if not 0 < value < math.inf:
            raise CapacityError(f"The {name} must be a number greater than 0, not {value:g}.")
        if not LEAST <= value <= MOST:
            raise CapacityError(f"The {name} must be from {LEAST:g} to {MOST:,.0f}, not {value:g}.")
    if not FEWEST_ZONES <= zones <= MOST_ZONES:
        raise CapacityError(
            f"--zones {zones}: give {FEWEST_ZONES} to {MOST_ZONES}, what a Region has; with one alone "
            "nothing covers its loss."
        )
    per_instance = kind.baseline_cpu / (request_ms / 1000)
    utilization = BUSIEST * (zones - 1) / zones
    # A number that is off by rounding in its last place must not cost an instance in every zone.
    in_each = math.ceil(round(rate / (per_instance * utilization) / zones, 9))
    desired = in_each * zones
    return Plan(
        per_instance=per_instance,
        utilization=utilization,
        desired_capacity=desired,
        requests_per_target=round(per_instance * utilization * 60),
        lost=rate / (desired - in_each) / per_instance,
    )


def request_ms(cpu_cores: float, seconds: float, requests: int, factor: float) -> float:
    """Return the reference CPU per request of instances that used `cpu_cores` together.

    Raises:
        CapacityError: Nothing was measured.
    """
    if requests <= 0 or cpu_cores <= 0:
        raise CapacityError(
            "The CPU of the run's instances is not known: give the cost yourself, `--request-ms 1.0`, or "
            "load the stack again on a running region."
        )
    return cpu_cores * seconds / requests / factor * 1000


def describe(found: Plan, cost_ms: float, kind: InstanceType, rate: float, zones: int) -> str:
    """Return the plan in words."""
    serves = (
        f"a request costs {cost_ms:.2f} ms of reference CPU: one {kind.name} ({kind.baseline_cpu:g} "
        f"CPU) serves {found.per_instance:.0f} requests/s"
    )
    fleet = (
        f"for {rate:.0f} requests/s over {zones} zones: desiredCapacity {found.desired_capacity}, "
        f"requestsPerTarget {found.requests_per_target} ({found.utilization:.0%} of the baseline)"
    )
    lost = f"with one zone lost, each of the others uses {found.lost:.0%} of its baseline"
    return "\n".join((serves, fleet, lost))
