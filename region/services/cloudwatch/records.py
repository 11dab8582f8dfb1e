"""What the region keeps about moto's CloudWatch objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from region.api.records import Record
from region.services.cloudwatch.store import MetricStore

METRIC_ALARM, COMPOSITE_ALARM = "MetricAlarm", "CompositeAlarm"


def now_utc() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Transition:
    """An alarm's change of state, or its present state when an action is repeated.

    Attributes:
        alarm: Its name.
        old: The state before.
        new: The state since.
        reason: Why, in words.
        reason_data: Why, as JSON.
        at: When.
    """

    alarm: str
    old: str
    new: str
    reason: str
    reason_data: str
    at: datetime


@dataclass(frozen=True)
class HistoryItem:
    """A line of an alarm's history; `kind`, `summary` and `data` are DescribeAlarmHistory's."""

    alarm: str
    alarm_type: str
    at: datetime
    kind: str
    summary: str
    data: str


@dataclass
class MuteRule:
    """An alarm mute rule, as it was put."""

    settings: dict[str, Any]
    arn: str
    updated_at: datetime


@dataclass
class CloudWatchRecord(Record[CloudWatchBackend]):
    """Metrics and what alarms did.

    Attributes:
        store: The data points of all metrics.
        history: Of all alarms, the oldest first.
        transitions: Those whose actions have not been executed yet.
        mute_rules: By their name.
    """

    store: MetricStore = field(default_factory=MetricStore)
    history: list[HistoryItem] = field(default_factory=list[HistoryItem])
    transitions: list[Transition] = field(default_factory=list[Transition])
    mute_rules: dict[str, MuteRule] = field(default_factory=dict[str, MuteRule])


@dataclass
class AlarmRecord(Record[Alarm]):
    """An alarm.

    Attributes:
        settings: As it was put, by the names of the call's parameters.
        kind: `MetricAlarm` or `CompositeAlarm`.
        transitioned_at: When its state changed last.
        next_at: It is not evaluated before, in epoch seconds.
        set_at: When SetAlarmState was called last, in epoch seconds; 0 once that is dealt with.
        warm_since: When its warm-up began, in epoch seconds; 0 if it does not warm up.
        evaluation_state: Why its state may be wrong, such as `EVALUATION_ERROR`.
        acted_at: When its Auto Scaling actions were executed last, in epoch seconds.
        seen: What a composite alarm's children were like when it was evaluated last.
        held: What it does later, or not: a suppressor or a mute rule keeps it from acting.
        held_by: What: `WaitPeriod`, `Alarm`, `ExtensionPeriod` or `Mute`.
        held_since: Since when, in epoch seconds.
    """

    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    kind: str = METRIC_ALARM
    transitioned_at: datetime = field(default_factory=now_utc)
    next_at: float = 0.0
    set_at: float = 0.0
    warm_since: float = 0.0
    evaluation_state: str = ""
    acted_at: float = 0.0
    seen: tuple[tuple[str, str], ...] | None = None
    held: Transition | None = None
    held_by: str = ""
    held_since: float = 0.0


def store_of(backend: CloudWatchBackend) -> MetricStore:
    """Return the metrics of a backend."""
    return CloudWatchRecord.of(backend).store
