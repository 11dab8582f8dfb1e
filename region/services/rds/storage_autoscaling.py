"""Storage that grows by itself: MaxAllocatedStorage.

Amazon RDS User Guide, "Managing capacity automatically with Amazon RDS storage autoscaling". Of AWS's three
increments the prediction from the growth of the last hours is left out: the region's clock may be fast.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Final

from moto.rds.models import DBInstance

from region.api.server import ControlPlane
from region.services.rds import events, periods
from region.services.rds.records import DatabaseRecord

GIBIBYTE: Final = 1024**3
LOW_SHARE: Final = 0.1
"""Less free storage than this share of what is allocated is low."""
LEAST_STEP_GIB: Final = 10
STEP_SHARE: Final = 0.1


def larger(allocated_gib: int, most_gib: int, used: int) -> int | None:
    """Return the size in GiB that storage grows to, None if it stays; `used` is in bytes."""
    free = allocated_gib * GIBIBYTE - used
    if free > LOW_SHARE * allocated_gib * GIBIBYTE or allocated_gib >= most_gib:
        return None
    step = max(LEAST_STEP_GIB, math.ceil(STEP_SHARE * allocated_gib))
    return min(allocated_gib + step, most_gib)


class StorageAutoscaling:
    """Lets the storage of DB instances grow. Used by one thread."""

    def __init__(self, plane: ControlPlane, clock: Callable[[], float] = time.time) -> None:
        """Watch the DB instances of `plane`."""
        self._plane, self._clock = plane, clock
        self._low_since: dict[str, float] = {}

    def watch(self, used: Mapping[str, int]) -> None:
        """Grow the storage of those that have had little free for long; `used` are bytes by identifier."""
        now = self._clock()
        with self._plane.lock:
            databases = self._plane.backend("rds").databases
            for name, size in used.items():
                if name in databases:
                    self._judge(name, databases[name], size, now)

    def _judge(self, name: str, database: DBInstance, used: int, now: float) -> None:
        allocated = int(database.allocated_storage)
        wanted = larger(allocated, int(database.max_allocated_storage or allocated), used)
        if wanted is None or database.status != "available":
            self._low_since.pop(name, None)
            return
        record, seconds = DatabaseRecord.of(database), self._plane.config.seconds
        since = self._low_since.setdefault(name, now)
        again = record.storage_changed_at + seconds(periods.STORAGE_AGAIN.seconds)
        if now < since + seconds(periods.STORAGE_LOW.seconds) or now < again:
            return
        self._low_since.pop(name)
        events.record(database.backend, database, events.STORAGE_GROWS)
        database.allocated_storage = wanted
        record.storage_changed_at, record.optimizing = now, True
        events.record(database.backend, database, events.STORAGE_HAS_GROWN)
        self._plane.notify()
