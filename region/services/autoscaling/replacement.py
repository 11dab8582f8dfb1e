"""How many unhealthy instances of a group are replaced at a time, as pure functions.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html, "How
Amazon EC2 Auto Scaling minimizes downtime"; instance-maintenance-policy-overview-and-considerations.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Member

SHARE = 10
"""Percent of the desired capacity that is replaced at a time."""


def leaving(settings: GroupSettings, members: Sequence[Member]) -> list[Member]:
    """Return the members to replace, those that are replaced at once first."""
    if "ReplaceUnhealthy" in settings.suspended:
        return []
    found = [one for one in members if one.in_service and not one.healthy]
    return sorted(found, key=lambda one: not one.urgent)


def to_terminate(settings: GroupSettings, members: Sequence[Member]) -> list[str]:
    """Return the ids of those that are terminated now.

    Without a maintenance policy, or with one that lets capacity fall, they are terminated first: at
    once if they do not run or a user said so, the others as the share permits. With launch before
    terminate, as many as there are replacements that are ready.
    """
    wanted = leaving(settings, members)
    if settings.launches_first and max_capacity(settings) > settings.desired:
        well = sum(1 for one in members if one.in_service and one.ready and one not in wanted)
        replaced = max(0, well + len(wanted) - settings.desired)
        return [one.instance_id for one in wanted[:replaced]]
    urgent = [one for one in wanted if one.urgent]
    gradual = [one for one in wanted if not one.urgent]
    under_way = max(_missing(settings, members, urgent), settings.being_replaced)
    permitted = _share(settings, members) - under_way
    return [one.instance_id for one in [*urgent, *gradual[: max(0, permitted)]]]


def to_launch(settings: GroupSettings, members: Sequence[Member]) -> int:
    """Return how many replacements to launch beyond the desired capacity."""
    if not settings.launches_first or "Terminate" in settings.suspended:
        return 0
    ahead = max(0, len(members) - settings.desired)
    room = max_capacity(settings) - max(len(members), settings.desired)
    return max(0, min(len(leaving(settings, members)) - ahead, room))


def max_capacity(settings: GroupSettings) -> int:
    """Return how many instances a group may have while it replaces some."""
    share = 100 if settings.max_healthy is None else settings.max_healthy
    room = max(settings.desired + 1, math.floor(settings.desired * share / 100))
    return min(settings.max_size, room)


def _share(settings: GroupSettings, members: Sequence[Member]) -> int:
    """Return how many may be missing because of gradual replacements."""
    serving = [member for member in members if member.in_service]
    if len(serving) > 1 and all(not one.healthy and not one.urgent for one in serving):
        # Something that they share is at fault: leave time to fix it.
        return 1
    share = SHARE if settings.min_healthy is None else 100 - settings.min_healthy
    return max(1, math.floor(settings.desired * share / 100))


def _missing(settings: GroupSettings, members: Sequence[Member], gone: Sequence[Member]) -> int:
    """Return how many of the desired instances are not there, or not ready yet."""
    there = [
        member
        for member in members
        if member.in_service and (member.ready or not member.healthy) and member not in gone
    ]
    return max(0, settings.desired - len(there))
