"""A DB instance as a job needs it: read under the control plane's lock, used without it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from moto.rds.models import DBInstance

from region.services.rds import instances, master_secret, parameters
from region.services.rds.classes import class_of
from region.services.rds.postgres.settings import DEFAULT_PORT, ClusterSpec
from region.services.rds.records import DatabaseRecord, SnapshotRecord


@dataclass(frozen=True, slots=True)
class PendingSnapshot:
    """A DB snapshot that has no data yet.

    Attributes:
        data: The name of its directory.
    """

    identifier: str
    data: str


@dataclass(frozen=True, slots=True)
class View:
    """A DB instance at one moment.

    Attributes:
        spec: The cluster as its next start makes it.
        group: The DB parameter group of that start.
        password: The master password that it is to have; None if it cannot be read.
        reloadable: The parameters to put into force without a restart; None if they are.
        snapshots: The DB snapshots that wait for its data.
        cut_off: Whether it cannot be reached.
        allocated_gib: The size of its storage.
        ships_log: Whether its log goes to CloudWatch Logs.
    """

    identifier: str
    status: str
    spec: ClusterSpec
    group: str
    database_name: str | None
    multi_az: bool
    failing_over: bool
    resume_at: float
    failed_over_at: float
    applying: dict[str, Any]
    restore_from: str
    reloadable: dict[str, str] | None
    snapshots: tuple[PendingSnapshot, ...]
    backups: bool
    cut_off: bool
    allocated_gib: int
    ships_log: bool
    password: str | None = field(repr=False)
    applied_password: str | None = field(repr=False)
    restore_password: str | None = field(repr=False)

    def with_parameters(self, in_force: dict[str, str]) -> ClusterSpec:
        """Return the cluster with other parameters."""
        return replace(self.spec, parameters=in_force)


def read(database: DBInstance) -> View:
    """Return a DB instance as jobs need it."""
    record = DatabaseRecord.of(database)
    deleting = database.status == "deleting"
    identifier = database.db_instance_identifier
    return View(
        identifier=identifier,
        status=database.status,
        spec=ClusterSpec(
            name=identifier,
            address=record.address,
            port=int(database.port or DEFAULT_PORT),
            major=int(str(database.engine_version).partition(".")[0]),
            instance_class=database.db_instance_class,
            memory_bytes=class_of(database.db_instance_class).memory_bytes,
            master_username=str(database.master_username),
            parameters={} if deleting else instances.wanted_parameters(database),
        ),
        group="" if deleting else str(parameters.group_of(database).name),
        database_name=database.db_name,
        multi_az=bool(database.multi_az),
        failing_over=record.failing_over,
        resume_at=record.resume_at,
        failed_over_at=record.failed_over_at,
        applying=dict(record.applying),
        restore_from=record.restore_from,
        reloadable=None if deleting else instances.reloadable_parameters(database),
        snapshots=_pending(database),
        backups=bool(database.backup_retention_period),
        cut_off=record.cut_off,
        allocated_gib=int(database.allocated_storage),
        ships_log="postgresql" in database.enabled_cloudwatch_logs_exports,
        password=None if deleting else master_secret.wanted_password(database),
        applied_password=record.applied_password,
        restore_password=record.restore_password,
    )


def _pending(database: DBInstance) -> tuple[PendingSnapshot, ...]:
    snapshots = database.backend.database_snapshots.values()
    return tuple(
        PendingSnapshot(snapshot.db_snapshot_identifier, SnapshotRecord.of(snapshot).data)
        for snapshot in snapshots
        if snapshot.status == "creating" and snapshot.dbi_resource_id == database.dbi_resource_id
    )
