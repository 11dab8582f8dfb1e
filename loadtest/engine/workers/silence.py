"""Notices a worker that still runs but records nothing any more: it hangs, or was stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

SILENT_S: Final = 30.0
"""A generator says every second that it is there; whoever has not for so long hangs."""


class Silence:
    """When each worker was heard last. One thread asks; another one may say that the load begins."""

    def __init__(
        self,
        first_arrivals_s: Sequence[float | None],
        runs: Callable[[int], bool],
        silent_s: float = SILENT_S,
    ) -> None:
        """Listen to workers.

        Args:
            first_arrivals_s: When the first visitor of each comes, in seconds after the beginning; it is to
                be heard from then on. None: it starts nobody.
            runs: Tells whether a worker, counted from 0, still runs.
            silent_s: For how long each may be silent.
        """
        self._first, self._runs, self.silent_s = first_arrivals_s, runs, silent_s
        self._began_at: float | None = None
        self._heard_at = [float("-inf")] * len(first_arrivals_s)

    def begin(self, begins_in_s: float) -> None:
        """Note that the load begins in so many seconds."""
        self._began_at = time.monotonic() + begins_in_s

    def heard(self, worker: int) -> None:
        """Something came of a worker, counted from 0."""
        self._heard_at[worker] = time.monotonic()

    def found(self) -> int | None:
        """Return a worker that is silent for too long, counted from 0. Ask right after listening."""
        if self._began_at is None:
            return None
        now = time.monotonic()
        for worker, first_s in enumerate(self._first):
            if first_s is None:
                continue
            since = max(self._heard_at[worker], self._began_at + first_s)
            if now - since > self.silent_s and self._runs(worker):
                return worker
        return None
