"""Whether the clocks of workers on this computer agree, since start times and records depend on them.

A worker reads its clock, writes an empty file, reads its clock again and says both times. The file is
dated by the computer that holds it, between the two: however long the worker was kept waiting meanwhile,
its clock is wrong if that date is not between what it said.
"""

from __future__ import annotations

from typing import Final

from loadtest.engine.generators.base import Turn

WORST_MS: Final = 100.0
"""A worker whose clock is further off at least does not begin. Kernels date files to some milliseconds."""


def offset_ms(turn: Turn) -> float:
    """Return by how much a worker's clock is ahead of this computer's at least; negative: behind.

    In ms; 0 of a worker that says nothing of it.
    """
    try:
        before, after = map(float, turn.ready.read_text(encoding="utf-8").split())
        dated = turn.dated.stat().st_mtime_ns / 1e6
    except (OSError, ValueError):
        return 0.0
    return max(0.0, before - dated) or min(0.0, after - dated)


def fault(turn: Turn) -> str | None:
    """Return why a worker with this clock must not begin; None if it may."""
    offset = offset_ms(turn)
    if abs(offset) <= WORST_MS:
        return None
    where = "ahead of" if offset > 0 else "behind"
    return (
        f"its clock is {abs(offset):,.0f} ms {where} this computer's, so it would not begin with the "
        "others"
    )
