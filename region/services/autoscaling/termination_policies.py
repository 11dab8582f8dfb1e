"""Which instance of a group a scale-in ends, as pure functions.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

BILLING_HOUR = 3600.0
DEFAULT: Final = "Default"
POLICIES: Final = (
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    DEFAULT,
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A subnet of a group and its Availability Zone."""

    subnet_id: str
    zone: str


@dataclass(frozen=True, slots=True)
class Member:
    """An instance of a group that counts towards its capacity: pending or in service.

    Attributes:
        ready: It has passed its first health check and has warmed up.
        urgent: It is unhealthy and is replaced at once, however many others are.
        current_template: It was launched from the template that the group has now.
        type_rank: The place of its type in the group's list of types.
        launched_at: Epoch seconds.
        beyond_desired: It was launched to replace another instance before that one terminates,
            so it does not count as surplus until it is ready.
        outdated: An instance refresh is going to replace it.
    """

    instance_id: str
    placement: Placement
    in_service: bool = True
    healthy: bool = True
    ready: bool = True
    urgent: bool = False
    protected: bool = False
    current_template: bool = True
    template_version: int = 0
    type_rank: int = 0
    launched_at: float = 0.0
    beyond_desired: bool = False
    outdated: bool = False


def select(
    members: Sequence[Member],
    policies: Sequence[str],
    now: float,
    usable_zones: Collection[str] = (),
) -> Member | None:
    """Select the instance that a scale-in terminates; None if all are protected.

    Those outside the group's `usable_zones` come first. Then the zone with the most instances (of
    those with an unprotected one), in it the unhealthy, then the group's termination policies.
    """
    free = [member for member in members if not member.protected]
    if not free:
        return None
    outside = [one for one in free if usable_zones and one.placement.zone not in usable_zones]
    zones = Counter(member.placement.zone for member in members)
    most = max(zones[member.placement.zone] for member in free)
    fullest = [member for member in free if zones[member.placement.zone] == most]
    rank = _ranking(policies, now)
    return min(
        outside or fullest, key=lambda member: (member.healthy, *rank(member), member.instance_id)
    )


def _ranking(policies: Sequence[str], now: float) -> Callable[[Member], tuple[float, ...]]:
    def closest(member: Member) -> float:
        return -((now - member.launched_at) % BILLING_HOUR)

    def oldest_template(member: Member) -> tuple[float, ...]:
        """Put the instances of other templates first, of whatever version."""
        return (float(member.current_template), float(member.template_version))

    measures: dict[str, Callable[[Member], tuple[float, ...]]] = {
        DEFAULT: lambda one: (-one.type_rank, *oldest_template(one), closest(one)),
        "AllocationStrategy": lambda one: (-float(one.type_rank),),
        "OldestInstance": lambda one: (one.launched_at,),
        "NewestInstance": lambda one: (-one.launched_at,),
        "OldestLaunchTemplate": oldest_template,
        "ClosestToNextInstanceHour": lambda one: (closest(one),),
    }
    # No instance has a launch configuration here, so that policy tells none from another.
    chosen = [measures[name] for name in policies if name in measures]
    return lambda one: tuple(
        value for measure in chosen or [measures[DEFAULT]] for value in measure(one)
    )
