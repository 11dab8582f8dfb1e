"""Lets the stack that takes longest to come up have the computer to itself until its release begins.

Coming up costs CPU time: two engines, programs, providers and policy packs. Releasing a fleet mostly
waits, for targets to drain and to become healthy. What comes up during these waits costs the other
stack little, while side by side from the start both would take half as long again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator

from rehearsal.display import StageProgress
from rehearsal.engine_events import Event, Heartbeat, Message, OnEvent

RELEASE = "deployment "
"""How the hook's first line about a release begins; see `loadtest/stack/release.py`."""

TELL_EVERY_S = 1.0


class HeadStart:
    """The head start of one stack before all others."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self._over = threading.Event()

    @contextlib.contextmanager
    def coming_up(self, stack: str, progress: StageProgress) -> Generator[OnEvent]:
        """Yield what takes the engine's events while a stack comes up, once it may begin.

        The head start ends with the first line about a release, and in any case with this context.
        """
        if stack != self._stack:
            while not self._over.wait(TELL_EVERY_S):
                progress(Heartbeat())
            yield progress
            return

        def watched(event: Event) -> None:
            if isinstance(event, Message) and event.text.startswith(RELEASE):
                self._over.set()
            progress(event)

        try:
            yield watched
        finally:
            self._over.set()
