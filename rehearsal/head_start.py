"""Gives the stack that takes longest to come up the whole computer until its release begins.

Coming up costs CPU time: two engines, programs, providers and policy packs. Releasing a fleet mostly
waits, for targets to drain and to become healthy. What comes up during these waits costs the other
stack little, while side by side from the start both would take half as long again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator

from rehearsal.display import StageProgress
from rehearsal.engine_events import Heartbeat

SLOWEST = "ha"
"""The stack that takes longest until it can be loaded."""

TELL_EVERY_S = 1.0


class HeadStart:
    """The head start of one stack before all others."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self._over = threading.Event()

    def release_begins(self, stack: str) -> None:
        """Let the others begin, if this is the stack with the head start."""
        if stack == self._stack:
            self._over.set()

    @contextlib.contextmanager
    def coming_up(self, stack: str, progress: StageProgress) -> Generator[None]:
        """Wait until a stack may begin to come up, which it does in this context.

        The head start ends with the release, and in any case with the context of that stack.
        """
        if stack != self._stack:
            while not self._over.wait(TELL_EVERY_S):
                progress(Heartbeat())
            yield
            return
        try:
            yield
        finally:
            self._over.set()
