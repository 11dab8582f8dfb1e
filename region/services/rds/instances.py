"""What calls and controller share about DB instances. Call with the control plane's lock held."""

from __future__ import annotations

from moto.rds.models import DBInstance, RDSBackend

from region.api.patching import original
from region.services.ec2 import placement
from region.services.rds import events, parameters
from region.services.rds.records import DatabaseRecord, InstanceStatus
from region.services.rds.validation import subnets_of

BUSY = frozenset({"deleting", "stopping"})
"""States that were requested meanwhile, which the end of an earlier job does not overwrite."""


def set_status(database: DBInstance, status: InstanceStatus, *, failure: str = "") -> None:
    """Record the status that a job of the controller has reached.

    What was requested meanwhile (deletion, stop) is not overwritten.
    """
    record = DatabaseRecord.of(database)
    if failure and failure != record.failure:
        kind = events.FAILED.about(status=status, why=failure)
        events.record(database.backend, database, kind)
    record.failure = failure
    if database.status not in BUSY or status == "stopped":
        database.status = status
    record.listening = record.listening or status == "available"


def started(database: DBInstance, password: str, in_force: dict[str, str], group: str) -> None:
    """Record what a start of the server has put into force."""
    record = DatabaseRecord.of(database)
    record.applied_password = password
    record.parameters = in_force
    record.group = group


def wanted_parameters(database: DBInstance) -> dict[str, str]:
    """Return the values that a start would put into force."""
    return parameters.at_next_start(parameters.settings_of(database))


def reloadable_parameters(database: DBInstance) -> dict[str, str] | None:
    """Return the values to put into force without a reboot; None if they are."""
    record = DatabaseRecord.of(database)
    group = str(parameters.group_of(database).name)
    if record.parameters is None or record.group != group:
        return None
    wanted = parameters.now(parameters.settings_of(database), record.parameters)
    return None if wanted == record.parameters else wanted


def second_zone(database: DBInstance) -> str:
    """Return a zone for the standby: another one of the subnet group; empty if it has none."""
    zones = zones_of(database)
    return next((zone for zone in zones if zone != database.availability_zone), "")


def zones_of(database: DBInstance) -> list[str]:
    """Return the zones of the instance's DB subnet group."""
    subnets = subnets_of(database.db_subnet_group)
    return sorted({str(subnet.availability_zone) for subnet in subnets})


def finish_deletion(backend: RDSBackend, identifier: str) -> None:
    """Remove an instance whose cluster is gone, with what moto removes along with it."""
    database = backend.databases[identifier]
    record = DatabaseRecord.of(database)
    if record.subnet is not None:
        placement.release(record.subnet, record.address)
    options = record.deletion
    events.record(backend, database, events.DELETED)
    original(RDSBackend, "delete_db_instance")(
        backend,
        identifier,
        skip_final_snapshot=True,
        delete_automated_backups=options.delete_automated_backups if options else True,
    )
