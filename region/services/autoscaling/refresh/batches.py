"""How many instances a refresh replaces at a time, as pure functions.

Source: the Amazon EC2 Auto Scaling user guide, "How an instance refresh works", and RefreshPreferences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between how many instances in service a refresh keeps a group.

    Attributes:
        lowest: How many are ready at least.
        surge: How many there are at most beyond the desired capacity.
    """

    lowest: int
    surge: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What to do next: old instances to terminate, and how many to have beyond the desired capacity."""

    terminate: int
    surge: int


def bounds(desired: int, minimum: int, maximum: int, *, explicit: bool) -> Bounds:
    """Return the bounds of a group.

    `explicit` tells whether a maximum was set. Where the percentages leave no room, one instance is
    launched first if so, else one is terminated first.
    """
    lowest = math.ceil(desired * minimum / 100)
    surge = max(0, math.floor(desired * maximum / 100) - desired)
    if lowest >= desired and surge == 0:
        if explicit:
            return Bounds(desired, 1)
        return Bounds(max(0, desired - 1), 0)
    return Bounds(lowest, surge)


def next_batch(limits: Bounds, ready: int, old_ready: int, old: int) -> Batch:
    """Return the next batch.

    Args:
        limits: The bounds.
        ready: The instances in service that are healthy and have warmed up, old and new.
        old_ready: Those of them that are to be replaced.
        old: All that are to be replaced.
    """
    terminate = max(0, min(old_ready, ready - limits.lowest))
    return Batch(terminate, min(limits.surge, old - terminate))


def replaced_at(total: int, percentage: int) -> int:
    """Return how many of `total` instances a checkpoint's percentage is."""
    return math.ceil(total * percentage / 100)


def percentage_of(part: int, total: int) -> int:
    """Return a share as the API does, 100 of nothing."""
    return 100 if total <= 0 else math.floor(100 * part / total)
