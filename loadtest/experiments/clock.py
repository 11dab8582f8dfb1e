"""One clock: AWS's times in seconds since the load began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from loadtest.stack.clock_offset import ClockOffset, Era

ALWAYS: Final = float("inf")
SET_S: Final = 1.0
"""A clock of which less is seen was not set, but drifts."""


class LoadClock:
    """Converts times of AWS and of this computer to seconds since the load began."""

    def __init__(
        self, began_at: float, offset: ClockOffset | Sequence[Era], now: float = ALWAYS
    ) -> None:
        """Prepare to convert.

        Args:
            began_at: When the first phase began, in epoch seconds of this computer.
            offset: The offset of AWS's clock; or its eras, oldest first, if that was set meanwhile.
            now: Nothing that is to be converted is later, in epoch seconds of this computer.
        """
        self.began_at, self._now = began_at, now
        self._eras = (
            [Era(-ALWAYS, ALWAYS, offset)] if isinstance(offset, ClockOffset) else list(offset)
        )
        self.offset = self._eras[-1].offset

    def of_aws(self, at: datetime) -> float:
        """Convert what AWS has dated; a time without a zone is in UTC."""
        known = at if at.tzinfo else at.replace(tzinfo=UTC)
        return round(self._ours(known.timestamp()) - self.began_at, 3)

    def _ours(self, dated: float) -> float:
        """Return when AWS's clock said that, by the latest era in which it can have."""
        for era in reversed(self._eras):
            found = dated - era.offset.estimate_s
            if era.since_s <= found <= min(era.until_s, self._now):
                return found
        # Of the moment itself at which a clock was set.
        return dated - self.offset.estimate_s

    def of_ours(self, at: float) -> float:
        """Convert epoch seconds of this computer."""
        return round(at - self.began_at, 3)

    def to_aws(self, at_s: float) -> datetime:
        """Return when that is on AWS's clock, at the earliest: for questions about what happened since."""
        earliest = min(era.offset.estimate_s for era in self._eras)
        return datetime.fromtimestamp(self.began_at + at_s + earliest, UTC)

    def jumps(self) -> list[tuple[float, float]]:
        """Return when AWS's clock was set, in seconds since the load began, and by how many seconds."""
        found = [
            (self.of_ours(after.since_s), after.offset.estimate_s - before.offset.estimate_s)
            for before, after in pairwise(self._eras)
        ]
        return [one for one in found if abs(one[1]) >= SET_S]
