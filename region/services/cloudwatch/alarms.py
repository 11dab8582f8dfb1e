"""An alarm's changes of state, and its history. Callers hold the control plane's lock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, cast

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from region.services.cloudwatch.records import (
    AlarmRecord,
    CloudWatchRecord,
    HistoryItem,
    Transition,
    now_utc,
)

HISTORY_KEPT = timedelta(days=14)
"""CloudWatch guide (2023), "Common features of CloudWatch alarms"."""
MOST_HISTORY = 5000
REASON_LENGTH = 1023
STATE_UPDATE, CONFIGURATION_UPDATE, ACTION = "StateUpdate", "ConfigurationUpdate", "Action"


def all_alarms(backend: CloudWatchBackend) -> list[Alarm]:
    """Return all alarms by their name."""
    return [backend.alarms[name] for name in sorted(backend.alarms)]


def change_state(
    backend: CloudWatchBackend, alarm: Alarm, state: str, reason: str, reason_data: str
) -> None:
    """Put an alarm into a state; if it is another one, its actions follow."""
    now = now_utc()
    old, old_reason, old_data = alarm.state_value, alarm.state_reason, alarm.state_reason_data
    alarm.state_reason = reason[:REASON_LENGTH]
    alarm.state_reason_data = reason_data
    alarm.state_updated_timestamp = now
    if state == old:
        return
    alarm.state_value = state
    AlarmRecord.of(alarm).transitioned_at = now
    data = {
        "version": "1.0",
        "oldState": _state(old, old_reason, old_data),
        "newState": _state(state, alarm.state_reason, reason_data),
    }
    note(backend, alarm, STATE_UPDATE, f"Alarm updated from {old} to {state}", data)
    CloudWatchRecord.of(backend).transitions.append(
        Transition(alarm.name, old, state, alarm.state_reason, reason_data, now)
    )


def _state(value: str, reason: str, data: str) -> dict[str, Any]:
    state: dict[str, Any] = {"stateValue": value, "stateReason": reason}
    if data:
        state["stateReasonData"] = parsed(data)
    return state


def parsed(text: str) -> dict[str, Any]:
    """Return a JSON object, empty if the text has none."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def note(
    backend: CloudWatchBackend, alarm: Alarm, kind: str, summary: str, data: dict[str, Any]
) -> None:
    """Add a line to an alarm's history, which keeps two weeks."""
    record = CloudWatchRecord.of(backend)
    now = now_utc()
    text = json.dumps(data, default=_text)
    history = record.history
    history.append(
        HistoryItem(alarm.name, AlarmRecord.of(alarm).kind, now, kind, summary[:255], text[:4095])
    )
    if len(history) > MOST_HISTORY or history[0].at < now - HISTORY_KEPT:
        kept = [item for item in history if item.at >= now - HISTORY_KEPT]
        record.history = kept[-MOST_HISTORY:]


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def newest_value(reason_data: str) -> float | None:
    """Return the newest data point that a reason names; None without one."""
    points = parsed(reason_data).get("recentDatapoints")
    if not isinstance(points, list):
        return None
    numbers = [one for one in cast("list[object]", points) if isinstance(one, int | float)]
    return float(numbers[-1]) if numbers else None
