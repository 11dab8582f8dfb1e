"""ISO 8601 durations, as parameters of actions have them: `PT5M`."""

from __future__ import annotations

import re

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
SHORTEST_S, LONGEST_S = 60, 12 * 3600


def seconds_of(text: str) -> int:
    """Return a duration in seconds.

    Raises:
        ValueError: It is none, or not from a minute to 12 hours.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT5M.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not SHORTEST_S <= total <= LONGEST_S:
        raise ValueError(f"{text!r} is not from PT1M to PT12H.")
    return total
