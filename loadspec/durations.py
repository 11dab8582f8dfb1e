"""Durations as Artillery reads them: seconds (`60`), or with a unit ("500ms", "5m")."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

UNITS_S = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86_400),
}
DURATION = re.compile(
    r"(\d+(?:\.\d+)?|\.\d+) *(ms|msecs?|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|"
    r"d|days?)",
    re.IGNORECASE,
)
"""A duration with a unit, as the package `ms` reads it."""


def seconds(duration: float | str) -> float | None:
    """Return a duration as Artillery writes it (`60`, "5m") in seconds; None if it is none."""
    text = str(duration).strip()
    if re.fullmatch(r"\d+", text):
        return float(text)
    found = DURATION.fullmatch(text)
    if not found:
        return None
    unit = found[2].lower()
    # In decimals, as it is written: 4.35 minutes are 261 seconds, but not as binary fractions.
    return float(Decimal(found[1]) * UNITS_S["ms" if unit.startswith(("ms", "mil")) else unit[0]])


def whole_seconds(duration: Any) -> int | None:
    """Return the same where it is a whole number of seconds."""
    if isinstance(duration, bool) or not isinstance(duration, int | float | str):
        return None
    found = seconds(duration)
    if found is None and isinstance(duration, float):
        found = duration
    return int(found) if found is not None and found % 1 == 0 else None
