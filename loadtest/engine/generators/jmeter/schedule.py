"""The planned arrivals in the language of JMeter's Open Model Thread Group.

`rate(125/s) even_arrivals(1 s)` starts 125 visitors, the first at once and each 8 ms after the one
before. So a stretch of arrivals that follow each other at the same distance is one such pair, and every
schedule is written exactly: JMeter rounds to milliseconds, which is also Artillery's own resolution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from loadtest.array_types import Times

HEAD_START_S = 1.0
"""From JMeter's own start of the schedule to the first planned moment: it prepares itself meanwhile."""
_RESOLUTION = 1e-6
"""Arrivals are planned in whole microseconds."""
_UPWARDS = 1e-9
"""JMeter rounds the number of arrivals of a stretch down: the rate is this share higher, so that a
rounding error of its product cannot lose one."""


def write(arrivals_s: Times, rest_s: float) -> str:
    """Return the schedule; after the last arrival visitors have `rest_s` to get their answers."""
    shifted = np.asarray(arrivals_s) + HEAD_START_S
    microseconds = np.round(shifted / _RESOLUTION).astype(np.int64)
    pieces = [_quiet(int(microseconds[0]))]
    gaps = [*np.diff(microseconds).tolist(), round(rest_s / _RESOLUTION)]
    pieces += [_stretch(count, gap) for gap, count in _runs(gaps)]
    return " ".join(pieces)


def _runs(gaps: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield each gap and how often it follows itself. Visitors at the same moment share one."""
    last, count, together = 0, 0, 0
    for gap in gaps:
        if gap == 0:
            together += 1
            continue
        if together:
            if count:
                yield last, count
            yield -gap, together + 1
            last, count, together = 0, 0, 0
        elif gap == last:
            count += 1
        else:
            if count:
                yield last, count
            last, count = gap, 1
    if count:
        yield last, count


def _stretch(count: int, gap: int) -> str:
    if gap < 0:
        # Several at once: one after the other within the first thousandth of what follows.
        within = max(1, -gap // 1000)
        return f"{_even(count, within)} {_quiet(-gap - within)}"
    return _even(count, count * gap)


def _even(count: int, microseconds: int) -> str:
    # Up in its last place as well: one visitor in 45 s would be 0.022222222 a second, and so none.
    billionths = math.ceil(count / microseconds / _RESOLUTION * (1 + _UPWARDS) * 1e9)
    rate = f"rate({billionths / 1e9:.9f}/s)"
    # Without a rate behind it, the stretch would be a ramp to the rate of the next one.
    return f"{rate} even_arrivals({microseconds / 1000:.3f} ms) {rate}"


def _quiet(microseconds: int) -> str:
    return f"rate(0/s) even_arrivals({microseconds / 1000:.3f} ms) rate(0/s)"
