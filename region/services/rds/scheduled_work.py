"""What RDS does on a schedule: maintenance, backups, rotation, the end of a stop. Hold the plane's lock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from moto.rds.models import DBInstance, RDSBackend

from region.services.rds import (
    events,
    master_secret,
    modifications,
    modify_patches,
    periods,
    snapshot_patches,
)
from region.services.rds.records import DatabaseRecord

log = logging.getLogger(__name__)
_BACKUP_INTERVAL = timedelta(hours=20).total_seconds()
"""More than half a day, so that a daily window has one backup."""


def tick(backend: RDSBackend, seconds: Callable[[float], float], now: datetime) -> bool:
    """Begin what is due at `now` (UTC), and return whether something was.

    `seconds` converts a period of AWS into one of this computer's clock.
    """
    begun = [
        rule(database, seconds, now)
        for database in list(backend.databases.values())
        for rule in (_end_of_stop, _end_of_optimization, _maintenance, _rotation, _backup)
    ]
    return any(begun)


def _end_of_stop(database: DBInstance, seconds: Callable[[float], float], now: datetime) -> bool:
    record = DatabaseRecord.of(database)
    if database.status != "stopped" or not record.stopped_at:
        return False
    if now.timestamp() < record.stopped_at + seconds(periods.STOPPED.seconds):
        return False
    database.status = "starting"
    events.record(database.backend, database, events.STARTED_AGAIN)
    return True


def _end_of_optimization(
    database: DBInstance, seconds: Callable[[float], float], now: datetime
) -> bool:
    record = DatabaseRecord.of(database)
    again = record.storage_changed_at + seconds(periods.STORAGE_AGAIN.seconds)
    if not record.optimizing or now.timestamp() < again:
        return False
    record.optimizing = False
    return True


def _maintenance(database: DBInstance, _seconds: Callable[[float], float], now: datetime) -> bool:
    pending = DatabaseRecord.of(database).pending
    window = str(database.preferred_maintenance_window)
    if not pending or database.status != "available":
        return False
    if not modifications.within_weekly(window, now):
        return False
    modify_patches.begin(database, list(pending))
    return True


def _rotation(database: DBInstance, _seconds: Callable[[float], float], now: datetime) -> bool:
    rotate_at = DatabaseRecord.of(database).rotate_at
    if not database.manage_master_user_password or database.status != "available":
        return False
    if not rotate_at or now.timestamp() < rotate_at:
        return False
    master_secret.begin_rotation(database)
    # Until the database has the new password: a round in between must not begin another one.
    DatabaseRecord.of(database).rotate_at = 0.0
    return True


def _backup(database: DBInstance, _seconds: Callable[[float], float], now: datetime) -> bool:
    record = DatabaseRecord.of(database)
    if not database.backup_retention_period or database.status != "available":
        return False
    if now.timestamp() < record.backed_up_at + _BACKUP_INTERVAL:
        return False
    if not modifications.within_daily(str(database.preferred_backup_window), now):
        return False
    begin_backup(database)
    _prune(database, now)
    return True


def begin_backup(database: DBInstance) -> None:
    """Begin an automated backup; the controller copies the data."""
    DatabaseRecord.of(database).backed_up_at = datetime.now(UTC).timestamp()
    events.record(database.backend, database, events.BACKUP_STARTED)
    snapshot_patches.begin(
        database.backend, database, snapshot_patches.automated_name(database), "automated"
    )
    database.status = "backing-up"


def _prune(database: DBInstance, now: datetime) -> None:
    oldest = now.replace(tzinfo=None) - timedelta(days=int(database.backup_retention_period))
    snapshots = database.backend.database_snapshots
    for name, snapshot in list(snapshots.items()):
        own = snapshot.dbi_resource_id == database.dbi_resource_id
        if own and snapshot.snapshot_type == "automated" and snapshot.created < oldest:
            del snapshots[name]
