"""What the region keeps about scheduled actions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from moto.autoscaling.models import FakeScheduledAction

from region.api.records import Record


@dataclass
class ActionRecord(Record[FakeScheduledAction]):
    """A scheduled action.

    Attributes:
        identity: The part of its ARN that no other action has.
        due: When it runs next; None if it does not any more.
        ends: After which it does not.
    """

    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    due: datetime | None = None
    ends: datetime | None = None
