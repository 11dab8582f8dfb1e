"""An acknowledged call is on the disk: its answer waits for a save that includes its changes.

Saves run one after the other, and one save serves all calls that were made before it began (a group
commit). What changes without a call, such as an instance's state, is saved within `LAZY_SECONDS`:
controllers would find it out again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

LAZY_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 60.0
"""How long a call waits for a disk that does not answer."""
_AFTER_FAILURE_SECONDS: Final = 0.5


class NotSavedError(Exception):
    """What a call changed is not on the disk; the message says why."""


class Saver:
    """Saves in a thread of its own when a call asks for it, and after a while when anything changed."""

    def __init__(self, save: Callable[[], int], generation: Callable[[], int]) -> None:
        """`save` writes everything and returns the generation that it wrote; `generation` is today's."""
        self._save = save
        self._generation = generation
        self._condition = threading.Condition()
        self._demanded = 0
        self._saved = 0
        self._failures = 0
        self._reason = ""
        self._closed = True
        self._ended = True
        self._thread: threading.Thread | None = None

    def start(self, saved: int) -> None:
        """Begin; the generation `saved` is on the disk."""
        self._saved = self._demanded = saved
        self._closed = self._ended = False
        self._thread = threading.Thread(target=self._run, name="control-plane-save", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Save what is not saved yet, and end. May be called twice."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join(PATIENCE_SECONDS)
            self._thread = None
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def confirm(self, generation: int) -> None:
        """Return when this generation is on the disk.

        Raises:
            NotSavedError: It cannot be saved, or the region has ended.
        """
        with self._condition:
            failures = self._failures
            self._demanded = max(self._demanded, generation)
            self._condition.notify_all()
            ended = self._condition.wait_for(
                lambda: self._saved >= generation or self._failures > failures or self._ended,
                PATIENCE_SECONDS,
            )
            if self._saved >= generation:
                return
            reason = self._reason if ended else f"the disk took over {PATIENCE_SECONDS:.0f} s"
        raise NotSavedError(f"the region's state could not be saved: {reason or 'it is ending'}")

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._demanded > self._saved or self._closed, LAZY_SECONDS
                )
                closed = self._closed
            if self._generation() > self._saved and not self._attempt() and not closed:
                with self._condition:
                    self._condition.wait_for(lambda: self._closed, _AFTER_FAILURE_SECONDS)
            if closed:
                return

    def _attempt(self) -> bool:
        """Save, and tell those who wait how it went."""
        try:
            saved, reason = self._save(), ""
        except Exception as error:
            log.exception("The region's state could not be saved")
            saved, reason = -1, f"{type(error).__name__}: {error}"
        with self._condition:
            self._saved = max(self._saved, saved)
            self._failures += bool(reason)
            self._reason = reason
            self._condition.notify_all()
        return not reason
