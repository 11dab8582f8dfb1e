"""How long SNS waits."""

from __future__ import annotations

from typing import Final

from region.periods import Period

RETRY: Final = Period(
    "Delay before each of three retries of a message to an HTTP endpoint",
    20,
    "SNS guide, Creating an HTTP/S delivery policy",
)
RETRY_SECOND: Final = Period(
    "A second of minDelayTarget and maxDelayTarget of a delivery policy",
    1,
    "SNS guide, Creating an HTTP/S delivery policy",
)
