"""Where a group launches, and what it moves between zones, as pure functions.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html, "Instance
distribution" and "Rebalancing activities"
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Member, Placement

BEYOND_MAXIMUM = 10
"""Percent of its maximum size by which a group may exceed it while it is balanced."""


def next_placement(
    placements: Sequence[Placement],
    taken: Sequence[Placement],
    leaving: Sequence[Placement] = (),
) -> Placement:
    """Choose the zone with the fewest instances that stay, and one of its subnets at random.

    Of equal zones it is the one with the fewest that leave.
    """
    zones = Counter(placement.zone for placement in taken)
    left = Counter(placement.zone for placement in leaving)
    fewest = min(placements, key=lambda one: (zones[one.zone], left[one.zone])).zone
    return random.choice([one for one in placements if one.zone == fewest])  # noqa: S311


def available(settings: GroupSettings) -> list[Placement]:
    """Return the placements where something can be launched at present."""
    return [one for one in settings.placements if one.zone not in settings.blocked_zones]


def to_move(settings: GroupSettings, members: Sequence[Member]) -> int:
    """Return how many instances to launch beyond the desired capacity, to move others.

    A group is balanced while it is stable only: all there, in service and healthy.
    """
    if "AZRebalance" in settings.suspended or len(members) != settings.desired:
        return 0
    if any(not member.in_service or not member.healthy for member in members):
        return 0
    places = available(settings)
    if not places:
        return 0
    needed = _outside(settings, members) or _uneven(settings, members)
    beyond = max(1, math.floor(settings.max_size * BEYOND_MAXIMUM / 100))
    return min(needed, beyond, settings.max_size + beyond - len(members))


def _outside(settings: GroupSettings, members: Sequence[Member]) -> int:
    """Count the instances in zones that the group does not have any more."""
    return sum(
        1 for one in members if not one.protected and one.placement.zone not in settings.zones
    )


def _uneven(settings: GroupSettings, members: Sequence[Member]) -> int:
    """Count the moves that make zones differ by less than two."""
    counts = dict.fromkeys(settings.zones, 0)
    free = dict(counts)
    for member in members:
        zone = member.placement.zone
        if zone in counts:
            counts[zone] += 1
            free[zone] += not member.protected
    moves = 0
    while True:
        usable = [zone for zone in counts if zone not in settings.blocked_zones]
        smallest = min(usable, key=lambda zone: counts[zone])
        largest = max(counts, key=lambda zone: counts[zone])
        if counts[largest] - counts[smallest] < 2 or not any(
            free[zone] for zone in counts if counts[zone] == counts[largest]
        ):
            return moves
        source = next(zone for zone in counts if counts[zone] == counts[largest] and free[zone])
        counts[source], free[source] = counts[source] - 1, free[source] - 1
        counts[smallest] += 1
        moves += 1
