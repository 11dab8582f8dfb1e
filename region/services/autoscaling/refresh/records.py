"""What the region keeps about instance refreshes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

PENDING, IN_PROGRESS, BAKING = "Pending", "InProgress", "Baking"
CANCELLING, CANCELLED = "Cancelling", "Cancelled"
SUCCESSFUL, FAILED = "Successful", "Failed"
ROLLING_BACK, ROLLED_BACK, ROLLBACK_FAILED = (
    "RollbackInProgress",
    "RollbackSuccessful",
    "RollbackFailed",
)
ACTIVE = frozenset({PENDING, IN_PROGRESS, BAKING, CANCELLING, ROLLING_BACK})


@dataclass
class Rollback:
    """How far an instance refresh was when it was rolled back, and why it was."""

    reason: str
    started: datetime
    percentage: int
    to_update: int


@dataclass
class Refresh:
    """An instance refresh. Times of no type are epoch seconds.

    Attributes:
        preferences: With the defaults of what was not given.
        explicit_maximum: Whether a MaxHealthyPercentage was set, here or by the group's policy.
        desired: The desired configuration, as given; empty without one.
        total: How many instances are to be replaced.
        remaining: The ids of those that still are.
        original: The ids of the instances that the group had when this began.
        checkpoint: How many of the checkpoints have passed.
        waiting_until: When the wait at a checkpoint, or of the bake time, ends.
        progress_at: When an instance was replaced last.
        percentage: How much is complete.
        to_update: How many instances are left to update.
    """

    preferences: dict[str, Any]
    explicit_maximum: bool
    desired: dict[str, Any]
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = PENDING
    reason: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    total: int = 0
    remaining: list[str] = field(default_factory=list[str])
    original: list[str] = field(default_factory=list[str])
    checkpoint: int = 0
    waiting_until: float = 0.0
    progress_at: float = 0.0
    percentage: int = 0
    to_update: int = 0
    rollback: Rollback | None = None

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE
