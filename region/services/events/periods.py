"""How long EventBridge waits."""

from __future__ import annotations

from typing import Final

from region.periods import Period

RATE_MINUTE: Final = Period(
    "A minute of a rule's rate",
    60,
    "EventBridge guide, Rate expressions; the first event comes one rate after the rule was created",
)
