"""Durations, as parameters of actions have them: `PT5M`."""

from __future__ import annotations

from region.time_formats import durations

SHORTEST_S, LONGEST_S = 60, 12 * 3600


def seconds_of(text: str) -> int:
    """Return a duration in seconds.

    Raises:
        ValueError: It is none, or not from a minute to 12 hours.
    """
    total = durations.seconds_of(text)
    if total is None:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT5M.")
    if not SHORTEST_S <= total <= LONGEST_S:
        raise ValueError(f"{text!r} is not from PT1M to PT12H.")
    return total
