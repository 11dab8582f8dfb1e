"""Upper bound of the difference between a worker's clock and UTC.

Fargate keeps the clocks of its tasks by Amazon Time Sync and says in the task's metadata what their error
is at most: `ClockDrift` with `ClockErrorBound`, in milliseconds, from platform version 1.4.0 on
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html).
Where it does not say, the dates of S3's answers do, to a fraction of a second.
"""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, Final

from loadtest.engine.fargate.messages import Clock
from loadtest.stack.clock_offset import OffsetEstimator

METADATA: Final = "ECS_CONTAINER_METADATA_URI_V4"
TIMEOUT_S: Final = 2.0
WORST_MS: Final = 250.0
"""A worker whose clock may be further off does not begin: its share would come at another time."""


def read(estimator: OffsetEstimator) -> Clock | None:
    """Return what is known of this task's clock; None while nothing is."""
    told = _drift(os.environ.get(METADATA))
    if told is not None:
        good = told.get("ClockSynchronizationStatus") == "SYNCHRONIZED"
        return Clock(
            source="amazon-time-sync",
            error_ms=float(told.get("ClockErrorBound") or 0.0),
            synchronised=good,
        )
    offset = estimator.offset()
    if not offset.samples:
        return None
    worst_s = max(abs(offset.low_s), abs(offset.high_s))
    return Clock(source="dates", error_ms=round(worst_s * 1000, 3), synchronised=True)


def fault(clock: Clock) -> str | None:
    """Return why a worker with this clock must not begin; None if it may."""
    if not clock.synchronised:
        return "its clock is not synchronised (Amazon Time Sync)"
    if clock.error_ms > WORST_MS:
        return f"its clock may be {clock.error_ms:,.0f} ms off, more than {WORST_MS:g} ms"
    return None


def _drift(uri: str | None) -> dict[str, Any] | None:
    if not uri:
        return None
    try:
        # The task's own address, from its environment.
        with urllib.request.urlopen(f"{uri}/task", timeout=TIMEOUT_S) as answer:  # noqa: S310
            found = json.load(answer).get("ClockDrift")
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("ClockSynchronizationStatus") else None
