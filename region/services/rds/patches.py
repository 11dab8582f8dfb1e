"""RDS as AWS answers it: DB instances take their time, and their endpoint is a real one.

Calls validate and record; `region.services.rds.controller` creates, starts, stops and removes the
PostgreSQL cluster and sets the states that AWS documents.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable
from typing import Any

from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue, RDSClientError
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend

from region.api.patching import Original, Patches
from region.services.ec2 import placement
from region.services.rds import group_patches
from region.services.rds.records import DatabaseRecord, DeletionOptions, InstanceStatus
from region.services.rds.validation import (
    check_class,
    check_family,
    check_final_snapshot,
    check_new_instance,
    check_same_major,
    first_subnet,
    major,
    resolve_version,
)

PASSWORD_LENGTH = 28
# RDS leaves out / ' " @ and blanks; these need no quoting in a shell either.
PASSWORD_ALPHABET = string.ascii_letters + string.digits + "_.-!#%*+=?~"
RESOURCE_ID_LENGTH = 26
RESOURCE_ID_ALPHABET = string.ascii_uppercase + string.digits

patches = Patches()


def install() -> None:
    """Patch moto's RDS."""
    patches.install()
    group_patches.patches.install()


# The instance --------------------------------------------------------------------------------


@patches.around(DBInstance, "__init__")
def _new_instance(moto: Original, database: DBInstance, *args: object, **kwargs: object) -> None:
    moto(database, *args, **kwargs)
    database.status = "creating"
    code = "".join(secrets.choice(RESOURCE_ID_ALPHABET) for _ in range(RESOURCE_ID_LENGTH))
    database.dbi_resource_id = f"db-{code}"
    DatabaseRecord().attach(database)


@patches.value(DBInstance, "address")
def _address(database: DBInstance) -> str | None:
    """Return the address of the endpoint."""
    return DatabaseRecord.of(database).address or None


@patches.value(DBInstance, "endpoint")
def _endpoint(database: DBInstance) -> dict[str, str | int | None] | None:
    """Return the endpoint. RDS shows none while the instance is being created."""
    record = DatabaseRecord.of(database)
    return {"Address": record.address, "Port": database.port} if record.listening else None


@patches.value(DBInstance, "status_infos")
def _status_infos(database: DBInstance) -> list[dict[str, str | bool]]:
    """Return why an instance failed."""
    message = DatabaseRecord.of(database).failure
    if not message:
        return []
    return [{"StatusType": "database", "Normal": False, "Status": "failed", "Message": message}]


@patches.method(DBInstance)
def default_db_parameter_group_details(database: DBInstance) -> tuple[str, str]:
    """Return family and name of the default parameter group; moto's depends on the minor too."""
    family = f"{database.engine.lower()}{major(database.engine_version)}"
    return family, f"default.{family}"


@patches.method(MasterUserSecret, "_generate_secret_string")
def _generate_secret_string(secret: MasterUserSecret) -> str:
    """Return a managed master password as RDS stores it."""
    password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
    return json.dumps({"username": secret.resource.master_username, "password": password})


# Calls ---------------------------------------------------------------------------------------


@patches.around(RDSBackend, "create_db_instance")
def create_db_instance(moto: Original, backend: RDSBackend, settings: dict[str, Any]) -> DBInstance:
    """CreateDBInstance: in the first subnet of its group, unless RDS would reject it."""
    check_new_instance(settings)
    settings["engine_version"] = resolve_version(settings.get("engine_version"))
    check_family(backend, settings.get("db_parameter_group_name"), settings["engine_version"])
    subnet = first_subnet(backend, settings.get("db_subnet_group_name"))
    database: DBInstance = moto(backend, settings)
    record = DatabaseRecord.of(database)
    try:
        record.address = placement.claim(subnet, database.db_instance_arn)
    except placement.PlacementError as error:
        del backend.databases[database.db_instance_identifier]
        raise RDSClientError("InvalidSubnet", str(error)) from error
    record.subnet = subnet
    if not settings.get("availability_zone"):
        database.availability_zone = subnet.availability_zone
    return database


@patches.around(RDSBackend, "modify_db_instance")
def modify_db_instance(
    moto: Original, backend: RDSBackend, identifier: str, changes: dict[str, Any]
) -> DBInstance:
    """ModifyDBInstance: another class takes a restart."""
    database = _instance(backend, identifier)
    if database.status in {"creating", "deleting"}:
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Database instance is not in available state: cannot modify "
            f"{database.db_instance_identifier} while it is {database.status}.",
        )
    if changes.get("new_db_instance_identifier"):
        raise InvalidParameterValue(
            "The local region cannot rename a DB instance: replace it instead."
        )
    if changes.get("engine_version"):
        changes["engine_version"] = resolve_version(changes["engine_version"])
        check_same_major(database, changes["engine_version"])
    class_before = database.db_instance_class
    if changes.get("db_instance_class"):
        check_class(changes["db_instance_class"])
    version = changes.get("engine_version") or database.engine_version
    check_family(backend, changes.get("db_parameter_group_name"), version)
    moto(backend, identifier, changes)
    if database.db_instance_class != class_before:
        database.status = "modifying"
    return database


@patches.method(RDSBackend)
def delete_db_instance(
    backend: RDSBackend,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,  # moto's signature
    delete_automated_backups: bool | None = True,
) -> DBInstance:
    """DeleteDBInstance: begin it; `instances.finish_deletion` ends it with moto's own method."""
    database = _instance(backend, db_instance_identifier)
    if database.status == "deleting":
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Instance {db_instance_identifier} is already being deleted.",
        )
    if database.deletion_protection:
        raise InvalidParameterCombination(
            "Cannot delete protected DB Instance, please disable deletion protection and try again."
        )
    check_final_snapshot(backend, final_db_snapshot_identifier, skip=bool(skip_final_snapshot))
    DatabaseRecord.of(database).deletion = DeletionOptions(
        final_db_snapshot_identifier=final_db_snapshot_identifier,
        skip_final_snapshot=bool(skip_final_snapshot),
        delete_automated_backups=bool(delete_automated_backups),
    )
    database.status = "deleting"
    return database


def _transition(
    call: str, needed: InstanceStatus, state: InstanceStatus
) -> Callable[..., DBInstance]:
    def change(moto: Original, backend: RDSBackend, identifier: str, *args: Any) -> DBInstance:
        database = _instance(backend, identifier)
        if database.status != needed:
            raise RDSClientError(
                "InvalidDBInstanceState", f"Instance {identifier} is not in {needed} state."
            )
        moto(backend, identifier, *args)
        database.status = state
        return database

    return patches.around(RDSBackend, call)(change)


stop_db_instance = _transition("stop_db_instance", "available", "stopping")
start_db_instance = _transition("start_db_instance", "stopped", "starting")
reboot_db_instance = _transition("reboot_db_instance", "available", "rebooting")


def _instance(backend: RDSBackend, identifier: str) -> DBInstance:
    return backend.describe_db_instances(identifier)[0]
