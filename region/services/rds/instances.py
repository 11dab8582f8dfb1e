"""What calls and controller share about DB instances. Call with the control plane's lock held."""

from __future__ import annotations

import json
from dataclasses import asdict

from moto.rds.models import DBInstance, RDSBackend

from region.api.patching import original
from region.services.ec2 import placement
from region.services.rds.records import DatabaseRecord, InstanceStatus


def master_password(database: DBInstance) -> str:
    """Return the master password as configured: the managed secret's or the given one."""
    if database.manage_master_user_password:
        arn = database.master_user_secret.secret.arn
        current = database.backend.secretsmanager.get_secret_value(arn, "", "")
        return str(json.loads(current["SecretString"])["password"])
    # moto has no reader for it.
    return str(database._master_user_password)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def parameters_of(database: DBInstance) -> dict[str, str]:
    """Return the values set in the instance's DB parameter groups."""
    return {
        name: str(parameter["ParameterValue"])
        for group in database.db_parameter_groups()
        for name, parameter in group.parameters.items()
        if parameter.get("ParameterValue") is not None
    }


def set_status(
    database: DBInstance,
    status: InstanceStatus,
    *,
    password: str | None = None,
    failure: str = "",
) -> None:
    """Record the status that a job of the controller has reached.

    What was requested meanwhile (deletion, stop) is not overwritten.
    """
    if database.status not in {"deleting", "stopping"} or status == "stopped":
        database.status = status
    record = DatabaseRecord.of(database)
    record.listening = record.listening or status == "available"
    record.applied_password = password or record.applied_password
    record.failure = failure


def finish_deletion(backend: RDSBackend, identifier: str) -> None:
    """Remove an instance whose cluster is gone, with what moto removes along with it."""
    record = DatabaseRecord.of(backend.databases[identifier])
    if record.subnet is not None:
        placement.release(record.subnet, record.address)
    options = asdict(record.deletion) if record.deletion else {}
    original(RDSBackend, "delete_db_instance")(backend, identifier, **options)
