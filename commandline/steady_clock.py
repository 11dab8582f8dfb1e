"""Epoch time for measurements: nobody sets it while they last."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class SteadyClock:
    """Tells what the computer's clock would say if nobody had set it since this object was made.

    NTP, a hypervisor or a user may set the computer's clock at any moment; it also jumps when the
    computer wakes up. A length between two of its readings is then wrong, or negative.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,  # noqa: TID251 - the clock that it is about
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin now. `wall` is the computer's clock in epoch seconds, `ticks` one that is never set."""
        self._wall, self._ticks = wall, ticks
        self._origin = 0.0
        self.begin()

    def begin(self) -> None:
        """Begin anew with what the computer's clock says now: before anything is measured."""
        self._origin = self._wall() - self._ticks()

    def seconds(self) -> float:
        """Return the time in epoch seconds."""
        return self._origin + self._ticks()

    def ms(self) -> float:
        """Return the time in epoch milliseconds."""
        return self.seconds() * 1000

    def utc(self) -> datetime:
        """Return the time as a date."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def at(self, ticks: float) -> float:
        """Return when `ticks` was read of the clock that is never set, in epoch seconds.

        All processes of a computer have the same `time.monotonic()` until it is started again: what another
        one dated by it needs no offset.
        """
        return self._origin + ticks

    def moved_s(self) -> float:
        """Return by how many seconds the computer's clock has been set since; negative: back."""
        return self._wall() - self.seconds()
