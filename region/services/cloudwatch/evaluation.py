"""When an alarm is in which state: M of N data points, and those that are missing. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html, sections
"Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data". CloudWatch looks at
more data points than the N evaluation periods, the evaluation range: if N of them are there, the
newest N decide and none is missing. Otherwise the missing ones are treated as the alarm says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
STATES: Final = (OK, ALARM, INSUFFICIENT_DATA)
Missing = Literal["missing", "ignore", "breaching", "notBreaching"]
TREATMENTS: Final[tuple[Missing, ...]] = ("missing", "ignore", "breaching", "notBreaching")
RANGE_BEYOND: Final = 2
"""How much longer the evaluation range is than N; the guide's tables have 5 for N = 3."""

COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
WORDS: Final = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides an alarm's state.

    Attributes:
        periods: N, the evaluation periods.
        needed: M, how many of them must breach the threshold.
        missing: How missing data points are treated.
    """

    periods: int
    needed: int
    missing: Missing = "missing"

    @property
    def evaluation_range(self) -> int:
        """How many periods are looked at."""
        return self.periods + RANGE_BEYOND


@dataclass(frozen=True, slots=True)
class Verdict:
    """An alarm's state.

    Attributes:
        state: None to keep the present one.
        judged: Which of the points decided, by their place, the oldest first.
        filled: How many points were missing.
    """

    state: str | None
    judged: tuple[int, ...] = ()
    filled: int = 0


def judge(points: Sequence[bool | None], rule: Rule) -> Verdict:
    """Judge the points of an evaluation range, the oldest first: whether each breaches, None if missing."""
    real = [place for place, point in enumerate(points) if point is not None]
    judged = tuple(real[-rule.periods :])
    filled = rule.periods - len(judged)
    breaching = sum(1 for place in judged if points[place])
    if rule.missing == "breaching":
        breaching += filled
    if breaching >= rule.needed:
        return Verdict(ALARM, judged, filled)
    if not filled or rule.missing in {"breaching", "notBreaching"}:
        return Verdict(OK, judged, filled)
    if breaching < len(judged):
        # A point that does not breach is known, and those that do are too few.
        return Verdict(OK, judged, filled)
    if not judged:
        return Verdict(INSUFFICIENT_DATA if rule.missing == "missing" else None, (), filled)
    return Verdict(_without_premature(len(points), judged, rule), judged, filled)


def _without_premature(count: int, judged: Sequence[int], rule: Rule) -> str | None:
    """Judge points that all breach and are fewer than M: the next one may not, so wait for it.

    "Avoiding premature transitions to alarm state": ALARM only once the oldest of them is at least M
    periods old.
    """
    age = count - judged[0]
    if rule.missing == "missing" and age >= rule.needed:
        return ALARM
    return None
