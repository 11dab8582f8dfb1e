"""Garbage collections that nobody waits for.

A t4g.nano without credits has a tenth of a CPU: a full collection of 40 ms would be half a second
without a response. Three things keep collections away from visitors:

- Requests and connections leave no reference cycles (`connection.Connection`, `tests/app`), so
  reference counting frees them and there is nothing to collect.
- Python collects by itself only young objects, at most YOUNG * MIDDLE of them at once.
- The full collection, for what nobody thought of, waits for a moment with few connections; its
  period differs from instance to instance, so that never all of a fleet pause together.
"""

from __future__ import annotations

import asyncio
import gc
import zlib
from collections.abc import Callable

YOUNG = 500
MIDDLE = 5
NEVER = 1_000_000_000
"""Thresholds of generations 0, 1 and 2. From Python 3.14 on, a collection is incremental."""

FEW_CONNECTIONS = 50
"""About 100 objects each: a full collection takes less than 2 ms of CPU."""

PERIOD_S = 60.0
RETRY_S = 1.0


def keep_collections_small() -> None:
    """Exempt all objects that exist from collections: they live forever. Then limit the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)


def period_of(instance_id: str) -> float:
    """Return the seconds between an instance's full collections: one to two times PERIOD_S."""
    return PERIOD_S * (1 + zlib.crc32(instance_id.encode()) / 2**32)


async def collect_when_idle(period_s: float, connections: Callable[[], int]) -> None:
    """Collect everything once in `period_s` seconds, when there are few `connections`; forever."""
    while True:
        await asyncio.sleep(period_s)
        while connections() > FEW_CONNECTIONS:
            await asyncio.sleep(RETRY_S)
        gc.collect()
