"""The events of RDS: what DescribeEvents lists, and what event subscriptions get.

Messages and categories: Amazon RDS User Guide, "Amazon RDS event categories and event messages".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol, cast

from moto.core.utils import utcnow
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.rds.models import RDSBackend
from moto.sns.models import sns_backends

from region.services.events import emission
from region.time_formats import stamps

log = logging.getLogger(__name__)

_EVENTS_PAGE: Final = (
    "http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html"
)
_LATEST: Final = 2000
"""How many events are kept at most."""
_KEPT: Final = timedelta(days=14)
_SHOWN: Final = timedelta(hours=1)
"""API reference, DescribeEvents: how long events can be described, and by default are."""


_DETAIL_TYPES: Final = {
    "db-instance": "RDS DB Instance Event",
    "db-snapshot": "RDS DB Snapshot Event",
}
_SOURCE_TYPES: Final = {"db-instance": "DB_INSTANCE", "db-snapshot": "SNAPSHOT"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: its number, category and message."""

    number: str
    category: str
    message: str

    def about(self, **values: object) -> Kind:
        """Return it with values in its message."""
        return Kind(self.number, self.category, self.message.format(**values))


CREATED: Final = Kind("0005", "creation", "DB instance created")
DELETED: Final = Kind("0003", "deletion", "DB instance deleted")
RESTARTED: Final = Kind("0006", "availability", "DB instance restarted")
SHUT_DOWN: Final = Kind("0004", "availability", "DB instance shutdown")
BACKUP_STARTED: Final = Kind("0001", "backup", "Backing up DB instance")
BACKUP_FINISHED: Final = Kind("0002", "backup", "Finished DB instance backup")
FAILOVER_STARTED: Final = Kind("0013", "failover", "Multi-AZ instance failover started.")
FAILOVER_COMPLETED: Final = Kind("0049", "failover", "Multi-AZ instance failover completed")
FAILOVER_DNS: Final = Kind(
    "0015",
    "failover",
    "Multi-AZ failover to standby complete - DNS propagation may take a few minutes.",
)
FAILOVER_ABANDONED: Final = Kind(
    "0034",
    "failover",
    "Abandoning user requested failover since a failover recently occurred on the database instance.",
)
MULTI_AZ_STARTED: Final = Kind(
    "0024", "configuration change", "Applying modification to convert to a Multi-AZ DB Instance"
)
MULTI_AZ_FINISHED: Final = Kind(
    "0025",
    "configuration change",
    "Finished applying modification to convert to a Multi-AZ DB Instance",
)
SINGLE_AZ_STARTED: Final = Kind(
    "0030",
    "configuration change",
    "Applying modification to convert to a standard (Single-AZ) DB Instance",
)
SINGLE_AZ_FINISHED: Final = Kind(
    "0029",
    "configuration change",
    "Finished applying modification to convert to a standard (Single-AZ) DB Instance",
)
CLASS_STARTED: Final = Kind(
    "0012", "configuration change", "Applying modification to database instance class"
)
CLASS_FINISHED: Final = Kind(
    "0014", "configuration change", "Finished applying modification to DB instance class"
)
STORAGE_STARTED: Final = Kind(
    "0018", "configuration change", "Applying modification to allocated storage"
)
STORAGE_FINISHED: Final = Kind(
    "0017", "configuration change", "Finished applying modification to allocated storage"
)
STORAGE_GROWS: Final = Kind(
    "0217",
    "configuration change",
    "Applying autoscaling-initiated modification to allocated storage",
)
STORAGE_HAS_GROWN: Final = Kind(
    "0218",
    "configuration change",
    "Finished applying autoscaling-initiated modification to allocated storage",
)
PASSWORD_RESET: Final = Kind("0016", "configuration change", "Reset master credentials")
GROUP_CHANGED: Final = Kind(
    "0011", "configuration change", "Updated to use DBParameterGroup {name}"
)
BACKUPS_ENABLED: Final = Kind("0032", "configuration change", "Automated backups enabled")
BACKUPS_DISABLED: Final = Kind("0028", "configuration change", "Automated backups disabled")
STOPPED: Final = Kind("0087", "notification", "DB instance stopped")
STARTED: Final = Kind("0088", "notification", "DB instance started")
STARTED_AGAIN: Final = Kind(
    "0154",
    "notification",
    "DB instance is being started due to it exceeding the maximum allowed time being stopped.",
)
RESTORED: Final = Kind("0043", "restoration", "Restored from snapshot {name}")
FAILED: Final = Kind("0031", "failure", "DB instance put into state {status}: {why}")
SNAPSHOT_STARTED: Final = Kind("0040", "creation", "Creating manual snapshot")
SNAPSHOT_FINISHED: Final = Kind("0042", "creation", "Manual snapshot created")
AUTOMATED_STARTED: Final = Kind("0090", "creation", "Creating automated snapshot")
AUTOMATED_FINISHED: Final = Kind("0091", "creation", "Automated snapshot created")
SNAPSHOT_DELETED: Final = Kind("0041", "deletion", "Deleted user snapshot")


class Source(Protocol):
    """What an event is about: moto's DB instances and DB snapshots."""

    arn: str
    event_source_type: str

    @property
    def resource_id(self) -> str:
        """Its name."""
        ...


@dataclass
class Event:
    """An event with the attributes by which moto describes one."""

    source_identifier: str
    source_type: str
    source_arn: str
    message: str
    event_categories: list[str]
    number: str
    date: datetime = field(default_factory=utcnow)


def record(backend: RDSBackend, source: Any, *kinds: Kind) -> None:
    """Write events about a DB instance or snapshot, in this order. Hold the control plane's lock."""
    about = cast("Source", source)
    for kind in kinds:
        event = Event(
            about.resource_id,
            about.event_source_type,
            about.arn,
            kind.message,
            [kind.category],
            kind.number,
        )
        # moto's own kind of event has a fixed list of messages.
        events = cast("list[Event]", backend.events)
        events.append(event)
        del events[:-_LATEST]
        _tell_subscribers(backend, event)
        emission.publish(
            emission.bus_of(backend.account_id, backend.region_name),
            "aws.rds",
            _DETAIL_TYPES.get(event.source_type, "RDS DB Instance Event"),
            {
                "EventCategories": event.event_categories,
                "SourceType": _SOURCE_TYPES.get(event.source_type, "DB_INSTANCE"),
                "SourceArn": event.source_arn,
                "Date": stamps.in_milliseconds(event.date),
                "Message": event.message,
                "SourceIdentifier": event.source_identifier,
                "EventID": f"RDS-EVENT-{event.number}",
            },
            [event.source_arn],
        )


def select(events: Iterable[Event], given: Mapping[str, Any], now: datetime) -> list[Event]:
    """Return the events that DescribeEvents answers with, the oldest first.

    Raises:
        InvalidParameterCombination: An identifier has no type, or a time is given twice.
        InvalidParameterValue: The times are in the wrong order.
    """
    identifier, kind = given.get("source_identifier"), given.get("source_type")
    if identifier and not kind:
        raise InvalidParameterCombination("Cannot specify source identifier without source type")
    start, end = _span(given, now)
    categories = set(given.get("event_categories") or ())
    return [
        event
        for event in events
        if (not identifier or event.source_identifier == str(identifier).lower())
        and (not kind or event.source_type == kind)
        and (not categories or categories.intersection(event.event_categories))
        and start <= event.date <= end
    ]


def _span(given: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    start, end, minutes = (given.get(name) for name in ("start_time", "end_time", "duration"))
    if minutes and (start or end):
        raise InvalidParameterCombination("Cannot specify both Duration and StartTime or EndTime.")
    last = _naive(end) if end else now + timedelta(seconds=1)
    # No calendar has the time before which nothing is kept anyway.
    shown = timedelta(minutes=_within_kept(float(minutes))) if minutes else _SHOWN
    first = _naive(start) if start else last - shown
    if first > last:
        raise InvalidParameterValue("The specified start time is after the end time.")
    return max(first, now - _KEPT), last


def _within_kept(minutes: float) -> float:
    most = _KEPT / timedelta(minutes=1)
    return min(max(minutes, -most), most)


def _naive(moment: datetime | str) -> datetime:
    parsed = moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


def _tell_subscribers(backend: RDSBackend, event: Event) -> None:
    """Publish an event to the topics of the subscriptions that it matches."""
    subscriptions: Iterable[Any] = backend.event_subscriptions.values()
    for subscription in subscriptions:
        if subscription.enabled is False or not _matches(subscription, event):
            continue
        topics = sns_backends[backend.account_id][backend.region_name]
        try:
            topics.publish(
                message=_message(backend, event),
                subject="RDS Notification Message",
                arn=subscription.sns_topic_arn,
            )
        except Exception:  # a topic that was deleted, for example
            log.exception("RDS cannot publish to %s", subscription.sns_topic_arn)


def _matches(subscription: Any, event: Event) -> bool:
    wanted: list[tuple[Any, set[str]]] = [
        (subscription.source_type, {event.source_type}),
        (subscription.source_ids, {event.source_identifier}),
        (subscription.event_categories, set(event.event_categories)),
    ]
    return all(
        not given or has.intersection([given] if isinstance(given, str) else given)
        for given, has in wanted
    )


def _message(backend: RDSBackend, event: Event) -> str:
    console = f"https://console.aws.amazon.com/rds/home?region={backend.region_name}#dbinstance:id="
    return json.dumps(
        {
            "Event Source": event.source_type,
            "Event Time": f"{event.date:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            "Identifier Link": f"{console}{event.source_identifier}",
            "Source ID": event.source_identifier,
            "Source ARN": event.source_arn,
            "Event ID": f"{_EVENTS_PAGE}#RDS-EVENT-{event.number}",
            "Event Message": event.message,
        }
    )
