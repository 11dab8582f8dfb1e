"""Zonal shifts and practice runs: what was started, and how it ends."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from region.services.arc_zonal_shift.periods import LONGEST_SHIFT

if TYPE_CHECKING:
    from region.api.server import ControlPlane

SERVICE: Final = "arc-zonal-shift"
ACTIVE: Final = "ACTIVE"
EXPIRED: Final = "EXPIRED"
CANCELED: Final = "CANCELED"
_EXPIRES_IN: Final = re.compile(r"([1-9]\d*)([mh])")
_KEPT: Final = 200
"""How many ended shifts are listed."""


@dataclass(slots=True)
class Shift:
    """A zonal shift, or a practice run. Times in epoch seconds.

    Attributes:
        resource: The ARN of the load balancer or Auto Scaling group.
        away_from: The id of the Availability Zone.
        outcome: Of a practice run; empty for a shift that somebody started.
    """

    resource: str
    away_from: str
    comment: str
    start: float
    expiry: float
    status: str = ACTIVE
    outcome: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def practice(self) -> bool:
        """Whether it is a practice run."""
        return bool(self.outcome)


@dataclass(slots=True)
class Store:
    """All zonal shifts, the newest last, and the practice runs' configurations by resource."""

    shifts: list[Shift] = field(default_factory=list[Shift])
    practice: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def active(self, resource: str) -> Shift | None:
        """Return the shift of a resource that is under way."""
        return next((shift for shift in self.of(resource) if shift.status == ACTIVE), None)

    def of(self, resource: str) -> Iterator[Shift]:
        """Yield the shifts of a resource, the newest first."""
        return (shift for shift in reversed(self.shifts) if shift.resource == resource)

    def by_id(self, identity: str) -> Shift | None:
        """Return the shift with an id."""
        return next((shift for shift in self.shifts if shift.id == identity), None)

    def add(self, shift: Shift) -> None:
        """Keep a new shift."""
        self.shifts = [*self.shifts, shift][-_KEPT:]

    def advance(
        self, now: float, has_failed: Callable[[Mapping[str, Any]], bool], known: set[str]
    ) -> bool:
        """End what is over, and return whether anything has changed.

        Args:
            now: In epoch seconds.
            has_failed: Tells whether alarms of a configuration say that its practice run has failed.
            known: The resources that exist.
        """
        changed = False
        for shift in self.shifts:
            if shift.status != ACTIVE:
                continue
            failed = shift.practice and has_failed(self.practice.get(shift.resource, {}))
            is_over = now >= shift.expiry
            if not is_over and not failed and shift.resource in known:
                continue
            shift.status, changed = EXPIRED, True
            if failed:
                shift.outcome = "FAILED"
            elif shift.practice:
                shift.outcome = "SUCCEEDED" if is_over else "INTERRUPTED"
        return changed


def store_of(plane: ControlPlane) -> Store:
    """Return the store of the region, which is saved with it."""
    return cast("Store", plane.extra.setdefault(SERVICE, Store()))


def seconds_of(expires_in: str) -> float | None:
    """Return the length of `90m` or `2h` in seconds; None if it is none, or too long."""
    found = _EXPIRES_IN.fullmatch(expires_in)
    if found is None:
        return None
    seconds = int(found[1]) * (60.0 if found[2] == "m" else 3600.0)
    return seconds if seconds <= LONGEST_SHIFT.seconds else None


def now() -> float:
    """Return the time in epoch seconds."""
    return time.time()
