"""How often to poll something that may change soon, or not for long."""

from __future__ import annotations

import time

FIRST_POLL_S = 0.2
POLL_SHARE = 0.2
"""The pause before the next poll, as a share of the time since something last changed."""


class Pace:
    """Pauses between polls: short after a change, longer the longer nothing happens.

    So what takes a second is seen within a fifth of one, and what takes minutes costs few API calls.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._changed_at = time.monotonic()

    def changed(self) -> None:
        """Begin again with short pauses."""
        self._changed_at = time.monotonic()

    def pause(self) -> None:
        """Wait until the next poll is due."""
        unchanged_s = time.monotonic() - self._changed_at
        time.sleep(min(max(FIRST_POLL_S, POLL_SHARE * unchanged_s), self._longest_s))
