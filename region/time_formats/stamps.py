"""Times as the APIs of AWS write them, in UTC."""

from __future__ import annotations

from datetime import datetime


def in_seconds(moment: datetime) -> str:
    """Return a time such as `2026-11-26T12:00:00Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def in_milliseconds(moment: datetime, zone: str = "Z") -> str:
    """Return a time such as `2026-11-26T12:00:00.000Z`; some services write `+0000` for the zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}{zone}"
