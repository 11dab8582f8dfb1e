"""ModifyDBInstance: which changes apply at once, and which wait for the maintenance window.

Amazon RDS User Guide, "Modifying an Amazon RDS DB instance": "Using the schedule modifications setting" and
"Available settings"; API reference, ModifyDBInstance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

DEFERRED: Final = frozenset(
    {
        "db_instance_class",
        "allocated_storage",
        "storage_type",
        "multi_az",
        "engine_version",
        "enable_iam_database_authentication",
    }
)
"""Changes, by moto's names, that wait for the window unless ApplyImmediately is set."""
RETENTION: Final = "backup_retention_period"
RESTARTING: Final = frozenset({"db_instance_class", "engine_version", "port", RETENTION})
"""Changes that interrupt connections. A retention that waits turns backups on or off."""
_SHOWN: Final = {
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "storage_type": "StorageType",
    "multi_az": "MultiAZ",
    "engine_version": "EngineVersion",
    "backup_retention_period": "BackupRetentionPeriod",
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
    "port": "Port",
}
"""Members of PendingModifiedValues."""
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW: Final = re.compile(r"([a-z]{3}):(\d\d):(\d\d)-([a-z]{3}):(\d\d):(\d\d)")
_DAILY: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_WEEK: Final = 7 * 24 * 60
_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Split:
    """The changes of one call.

    Attributes:
        at_once: Those that take effect in the call, whatever ApplyImmediately says.
        later: Those that wait for the maintenance window, or are applied now with ApplyImmediately.
        withdrawn: Settings that are to stay as they are: no earlier change of them waits any longer.
    """

    at_once: dict[str, Any]
    later: dict[str, Any]
    withdrawn: frozenset[str]


def split(changes: Mapping[str, Any], current: Mapping[str, Any]) -> Split:
    """Divide changes by moto's names."""
    at_once: dict[str, Any] = {}
    later: dict[str, Any] = {}
    withdrawn: set[str] = set()
    for name, value in changes.items():
        if value == current.get(name):
            withdrawn.add(name)
        if name == "port" or name in DEFERRED or (name == RETENTION and _switches(value, current)):
            if name not in withdrawn:
                later[name] = value
        else:
            at_once[name] = value
    return Split(at_once, later, frozenset(withdrawn))


def _switches(days: Any, current: Mapping[str, Any]) -> bool:
    """Return whether automated backups are turned on or off, which interrupts the database."""
    return bool(int(days)) != bool(int(current.get(RETENTION) or 0))


def restarts(changes: Mapping[str, Any]) -> bool:
    """Return whether applying these interrupts connections."""
    return not RESTARTING.isdisjoint(changes)


def shown(pending: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes as PendingModifiedValues names them."""
    return {_SHOWN[name]: value for name, value in pending.items() if name in _SHOWN}


def within_weekly(window: str, moment: datetime) -> bool:
    """Return whether a moment (UTC) is within a window such as `sun:23:45-mon:00:15`."""
    match = _WINDOW.fullmatch(window.lower())
    if match is None:
        return False
    first_day, first_hour, first_minute, last_day, last_hour, last_minute = match.groups()
    first = _minute(_DAYS.index(first_day), first_hour, first_minute)
    last = _minute(_DAYS.index(last_day), last_hour, last_minute)
    now = _minute(moment.weekday(), moment.hour, moment.minute)
    return (now - first) % _WEEK < (last - first) % _WEEK


def within_daily(window: str, moment: datetime) -> bool:
    """Return whether a moment (UTC) is within a window such as `23:45-00:15`."""
    match = _DAILY.fullmatch(window)
    if match is None:
        return False
    first, last = (
        _minute(0, hour, minute) for hour, minute in (match.groups()[:2], match.groups()[2:])
    )
    now = _minute(0, moment.hour, moment.minute)
    return (now - first) % _DAY < (last - first) % _DAY


def _minute(day: int, hour: str | int, minute: str | int) -> int:
    return day * _DAY + int(hour) * 60 + int(minute)


def grown(wanted: int, present: int) -> int:
    """Return the size in GiB that a larger one becomes: at least 10 percent more than the present."""
    return max(wanted, present + -(-present // 10))
