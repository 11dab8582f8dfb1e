"""CloudWatch's records: moto's objects as the region uses them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Alarm(Protocol):
    """A metric alarm: moto's Alarm, as far as its state goes."""

    name: str
    state_value: str
    state_reason: str
    state_reason_data: str
    state_updated_timestamp: datetime
    history: list[object]


class Backend(Protocol):
    """CloudWatch in one account and region: moto's CloudWatchBackend."""

    alarms: dict[str, Alarm]
