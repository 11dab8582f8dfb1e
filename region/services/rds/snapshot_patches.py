"""DB snapshots: each is a copy of a cluster's files, which the controller makes and restores."""

from __future__ import annotations

import uuid
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds.exceptions import (
    DBInstanceAlreadyExists,
    DBSnapshotAlreadyExistsError,
    DBSnapshotNotFoundFault,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBInstance, DBSnapshot, RDSBackend
from moto.rds.responses import RDSResponse

from region.api.patching import Original, Patches, original
from region.services.rds import events
from region.services.rds.records import DatabaseRecord, SnapshotRecord

patches = Patches()
ENGINE = "postgres"
_KEPT = (
    "db_instance_class",
    "db_subnet_group_name",
    "port",
    "publicly_accessible",
    "auto_minor_version_upgrade",
    "copy_tags_to_snapshot",
    "enable_iam_database_authentication",
    "backup_retention_period",
    "preferred_backup_window",
    "preferred_maintenance_window",
    "storage_type",
    "license_model",
    "manage_master_user_password",
)
"""What a restored DB instance has like the one that the snapshot was taken of, unless it is given."""


@patches.around(DBSnapshot, "__init__")
def _new_snapshot(moto: Original, snapshot: DBSnapshot, *args: object, **kwargs: object) -> None:
    moto(snapshot, *args, **kwargs)
    SnapshotRecord().attach(snapshot)


@patches.value(DBSnapshot, "percent_progress")
def _percent_progress(snapshot: DBSnapshot) -> int:
    return 100 if snapshot.status == "available" else 0


@patches.value(DBSnapshot, "availability_zone")
def _availability_zone(snapshot: DBSnapshot) -> str:
    return snapshot.database.availability_zone


@patches.value(DBSnapshot, "vpc_id")
def _vpc_id(snapshot: DBSnapshot) -> str | None:
    return snapshot.database.db_subnet_group.vpc_id


@patches.value(DBSnapshot, "storage_type")
def _storage_type(snapshot: DBSnapshot) -> str:
    return snapshot.database.storage_type


def begin(
    backend: RDSBackend,
    database: DBInstance,
    identifier: str,
    kind: str = "manual",
    tags: list[dict[str, str]] | None = None,
) -> DBSnapshot:
    """Record a snapshot that is being created; the controller copies the data."""
    snapshot: DBSnapshot = original(RDSBackend, "create_db_snapshot")(
        backend, database.db_instance_identifier, identifier, kind, tags
    )
    snapshot.status = "creating"
    SnapshotRecord.of(snapshot).data = uuid.uuid4().hex
    started = events.AUTOMATED_STARTED if kind == "automated" else events.SNAPSHOT_STARTED
    events.record(backend, snapshot, started)
    return snapshot


def finish(snapshot: DBSnapshot, password: str | None) -> None:
    """Record that a snapshot has its data."""
    snapshot.status = "available"
    SnapshotRecord.of(snapshot).password = password
    automated = snapshot.snapshot_type == "automated"
    finished = events.AUTOMATED_FINISHED if automated else events.SNAPSHOT_FINISHED
    events.record(snapshot.backend, snapshot, finished)


def automated_name(database: DBInstance) -> str:
    """Return the name of an automated snapshot that begins now."""
    return f"rds:{database.db_instance_identifier}-{utcnow():%Y-%m-%d-%H-%M-%S}"


@patches.method(RDSBackend)
def create_db_snapshot(
    backend: RDSBackend,
    db_instance_identifier: str,
    db_snapshot_identifier: str,
    snapshot_type: str = "manual",
    tags: list[dict[str, str]] | None = None,
    **_: Any,
) -> DBSnapshot:
    """CreateDBSnapshot of an available DB instance."""
    database = backend.describe_db_instances(db_instance_identifier)[0]
    if db_snapshot_identifier.lower() in backend.database_snapshots:
        raise DBSnapshotAlreadyExistsError(db_snapshot_identifier)
    # StopDBInstance takes one along, and the instance is stopping then.
    if database.status not in {"available", "stopping"}:
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Cannot create a snapshot because the database instance {db_instance_identifier} is not "
            "currently in the available state.",
        )
    snapshot = begin(backend, database, db_snapshot_identifier, snapshot_type, tags)
    if database.status == "available":
        database.status = "backing-up"
    return snapshot


@patches.around(RDSBackend, "copy_db_snapshot")
def copy_db_snapshot(
    moto: Original, backend: RDSBackend, source_db_snapshot_identifier: str, **given: Any
) -> DBSnapshot:
    """CopyDBSnapshot: another snapshot of the same data."""
    source = backend.get_db_snapshot(source_db_snapshot_identifier)
    _require_available(source)
    copied: DBSnapshot = moto(
        backend, source_db_snapshot_identifier=source_db_snapshot_identifier, **given
    )
    record, found = SnapshotRecord.of(copied), SnapshotRecord.of(source)
    record.data, record.password = found.data, found.password
    return copied


@patches.around(RDSResponse, "delete_db_snapshot")
def delete_db_snapshot(moto: Original, response: RDSResponse) -> ActionResult:
    """DeleteDBSnapshot of a manual snapshot; the controller removes data that no snapshot has."""
    name = str(response.params.get("DBSnapshotIdentifier"))
    snapshot = response.backend.database_snapshots.get(name)
    if snapshot is None:
        raise DBSnapshotNotFoundFault(name)
    _require_available(snapshot)
    if snapshot.snapshot_type != "manual":
        raise RDSClientError(
            "InvalidDBSnapshotState",
            f"The snapshot {name} is automated: it goes with its retention period.",
        )
    events.record(response.backend, snapshot, events.SNAPSHOT_DELETED)
    return moto(response)


@patches.method(RDSBackend)
def restore_db_instance_from_db_snapshot(
    backend: RDSBackend, from_snapshot_id: str | None, overrides: dict[str, Any]
) -> DBInstance:
    """RestoreDBInstanceFromDBSnapshot: a new DB instance with the snapshot's data."""
    if not from_snapshot_id:
        raise InvalidParameterCombination("You must specify a DBSnapshotIdentifier.")
    snapshot = backend.get_db_snapshot(from_snapshot_id.rpartition(":snapshot:")[2])
    _require_available(snapshot)
    if overrides["db_instance_identifier"] in backend.databases:
        raise DBInstanceAlreadyExists
    _check_restore(snapshot, overrides)
    source, record = snapshot.database, SnapshotRecord.of(snapshot)
    settings: dict[str, Any] = {name: _setting(source, name) for name in _KEPT}
    settings |= {
        name: overrides[name]
        for name in overrides
        if name != "db_snapshot_identifier" and overrides[name] is not None
    }
    settings |= {
        "engine": ENGINE,
        "engine_version": snapshot.engine_version,
        "master_username": snapshot.master_username,
        "storage_encrypted": snapshot.storage_encrypted,
        "kms_key_id": snapshot.kms_key_id,
        "db_name": source.db_name,
    }
    settings.setdefault("allocated_storage", snapshot.allocated_storage)
    if not settings.get("manage_master_user_password"):
        settings["master_user_password"] = record.password
    database = backend.create_db_instance(settings)
    found = DatabaseRecord.of(database)
    found.restore_from, found.restore_password = record.data, record.password
    kind = events.RESTORED.about(name=snapshot.db_snapshot_identifier)
    events.record(backend, database, kind)
    return database


def _setting(source: DBInstance, name: str) -> Any:
    return source.db_subnet_group.name if name == "db_subnet_group_name" else getattr(source, name)


def _check_restore(snapshot: DBSnapshot, overrides: dict[str, Any]) -> None:
    storage = overrides.get("allocated_storage")
    if storage is not None and int(storage) < snapshot.allocated_storage:
        raise InvalidParameterValue(
            "The allocated storage size can't be less than the source snapshot or backup size."
        )
    if overrides.get("engine") not in {None, ENGINE}:
        raise InvalidParameterCombination(
            f"The snapshot is of engine {ENGINE}: it cannot be restored to {overrides['engine']}."
        )
    if not SnapshotRecord.of(snapshot).data:
        raise RDSClientError(
            "InvalidDBSnapshotState",
            f"The snapshot {snapshot.db_snapshot_identifier} has no data: an earlier version of the "
            "local region made it. Create a new one.",
        )


def _require_available(snapshot: DBSnapshot) -> None:
    if snapshot.status != "available":
        raise RDSClientError(
            "InvalidDBSnapshotState",
            f"The snapshot {snapshot.db_snapshot_identifier} is {snapshot.status}, not available.",
        )
