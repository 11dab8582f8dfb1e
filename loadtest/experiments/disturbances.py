"""When faults delayed launches, so that those launches are not used for predictions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from loadtest.errors import ResultsError
from loadtest.experiments import models
from loadtest.experiments.faults import DEPLOYMENTS, SHAPES, Kind

MOST_RECORDS: Final = 50
"""How many of the newest experiments are looked at: as far back go the deployments that are measured."""


class Disturbance(NamedTuple):
    """From when to when a fault lasted, in epoch seconds."""

    began_s: float
    ended_s: float

    def delays(self, began_s: float, ended_s: float) -> bool:
        """Return whether it may have delayed what went on from then to then."""
        return began_s < self.ended_s and ended_s > self.began_s


def of(kind: Kind, began_ms: float | None, ended_ms: float | None) -> list[Disturbance]:
    """Return what a fault is to others than those that it hits: nothing, if it hits single instances.

    Times are epoch milliseconds; None: it did not begin, or has not ended. A deployment is no fault.
    """
    if began_ms is None or ended_ms is None or kind in DEPLOYMENTS:
        return []
    shape = SHAPES.get(kind)
    # It is unknown which instances third-party faults hit.
    if shape is not None and shape.hits == "instance":
        return []
    return [Disturbance(began_ms / 1000, ended_ms / 1000)]


def recorded(results: Path, stack: str) -> list[Disturbance]:
    """Return those of the newest experiments on the stack of that name below `results`.

    What cannot be read, as another version wrote it, is left out.
    """
    return [
        found
        for directory in models.recorded(results)[-MOST_RECORDS:]
        for found in _of_record(directory, stack)
    ]


def _of_record(directory: Path, stack: str) -> Iterable[Disturbance]:
    try:
        record = models.load(directory)
    except ResultsError:
        return []
    if record is None or record.stack != stack:
        return []
    return of(record.kind, record.fault_began_ms, record.fault_ended_ms)
