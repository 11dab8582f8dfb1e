"""The arithmetic of scaling policies, as pure functions.

Sources: the Amazon EC2 Auto Scaling user guide on scaling adjustment types, step adjustments and target
tracking.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

CHANGE, EXACT, PERCENT = "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"
ADJUSTMENT_TYPES = (CHANGE, EXACT, PERCENT)


@dataclass(frozen=True, slots=True)
class Step:
    """A step adjustment.

    Attributes:
        lower: Where it begins, as a difference to the alarm's threshold; minus infinity if None.
        upper: Where it ends; infinity if None.
        adjustment: What it adds, takes away or sets.
    """

    lower: float | None
    upper: float | None
    adjustment: int

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends as numbers."""
        lower = -math.inf if self.lower is None else self.lower
        return lower, math.inf if self.upper is None else self.upper


def adjusted(capacity: int, kind: str, adjustment: int, least: int | None = None) -> int:
    """Return the capacity after an adjustment of one of the three types, at least 0.

    Of a percentage, what is beyond 1 loses its fraction, and what is less than 1 becomes 1. `least` is
    how many instances a percentage changes at least.
    """
    if kind == EXACT:
        return max(0, adjustment)
    if kind == CHANGE:
        return max(0, capacity + adjustment)
    share = capacity * adjustment / 100
    whole = math.trunc(share) if abs(share) >= 1 else math.copysign(math.ceil(abs(share)), share)
    if least and adjustment:
        whole = math.copysign(max(abs(whole), least), adjustment)
    return max(0, capacity + int(whole))


def step_for(steps: Sequence[Step], difference: float) -> Step | None:
    """Return the step for a metric's difference to the threshold.

    Above the threshold a step includes its lower bound, below it its upper one.
    """
    for step in steps:
        lower, upper = step.interval
        if difference >= 0 and lower <= difference < upper:
            return step
        if difference <= 0 and lower < difference <= upper:
            return step
    return None


def gap_or_overlap(steps: Sequence[Step]) -> str:
    """Return what is wrong with the intervals of steps in the words of the API; empty if nothing."""
    ordered = sorted(step.interval for step in steps)
    seams = [(end, start) for (_, end), (start, _) in itertools.pairwise(ordered)]
    lowest, highest = ordered[0][0], ordered[-1][1]
    objections = {
        "At most one StepAdjustment may have an unspecified lower bound": (
            sum(step.lower is None for step in steps) > 1
        ),
        "At most one StepAdjustment may have an unspecified upper bound": (
            sum(step.upper is None for step in steps) > 1
        ),
        "StepAdjustment interval lower bound must be less than the interval upper bound": any(
            lower >= upper for lower, upper in ordered
        ),
        "StepAdjustment intervals can't overlap": any(start < end for end, start in seams),
        "StepAdjustment intervals can't have gaps between them": any(
            start > end for end, start in seams
        ),
        "There must be a StepAdjustment with an unspecified lower bound when one StepAdjustment has "
        "a negative lower bound": -math.inf < lowest < 0,
        "There must be a StepAdjustment with an unspecified upper bound when one StepAdjustment has "
        "a positive upper bound": 0 < highest < math.inf,
    }
    return next((text for text, applies in objections.items() if applies), "")


def tracked(capacity: int, metric: float, target: float) -> int:
    """Return the capacity at which a metric would meet its target, rounded up.

    A fraction of an instance is added when scaling out and kept when scaling in.
    """
    if metric <= 0:
        return 0
    needed = capacity * metric / target
    nearest = round(needed)
    return nearest if math.isclose(needed, nearest, rel_tol=1e-9) else math.ceil(needed)
