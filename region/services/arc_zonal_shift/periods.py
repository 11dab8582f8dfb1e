"""The waiting periods of zonal shifts."""

from __future__ import annotations

from typing import Final

from region.periods import Period

LONGEST_SHIFT: Final = Period(
    "Longest zonal shift", 72 * 3600.0, "ARC zonal shift API, StartZonalShift expiresIn"
)
PRACTICE_RUN: Final = Period(
    "Practice run", 30 * 60.0, "ARC guide, Practice runs for zonal autoshift"
)
