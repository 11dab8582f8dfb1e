"""One clock: AWS's times in seconds since the load began."""

from __future__ import annotations

from datetime import UTC, datetime

from loadtest.stack.clock_offset import ClockOffset


class LoadClock:
    """Converts times of AWS and of this computer to seconds since the load began."""

    def __init__(self, began_at: float, offset: ClockOffset) -> None:
        """`began_at` is when the first phase began, in epoch seconds of this computer."""
        self.began_at = began_at
        self.offset = offset

    def of_aws(self, at: datetime) -> float:
        """Convert what AWS has dated; a time without a zone is in UTC."""
        known = at if at.tzinfo else at.replace(tzinfo=UTC)
        return round(known.timestamp() - self.offset.estimate_s - self.began_at, 3)

    def of_ours(self, at: float) -> float:
        """Convert epoch seconds of this computer."""
        return round(at - self.began_at, 3)

    def to_aws(self, at_s: float) -> datetime:
        """Return when that is on AWS's clock: for questions about what happened since."""
        return datetime.fromtimestamp(self.began_at + at_s + self.offset.estimate_s, UTC)
