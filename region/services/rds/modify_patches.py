"""ModifyDBInstance: at once, with ApplyImmediately, or in the maintenance window."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from moto.rds.exceptions import (
    DBParameterGroupNotFoundError,
    InvalidParameterCombination,
    RDSClientError,
)
from moto.rds.models import DBInstance, RDSBackend

from region.api.patching import Original, Patches, original
from region.services.rds import events, input_checks, instances, master_secret, modifications
from region.services.rds.records import DatabaseRecord
from region.services.rds.validation import (
    check_class,
    check_family,
    check_retention,
    check_same_major,
    check_storage,
    resolve_version,
    security_groups,
)

patches = Patches()
_NOT_SETTINGS = frozenset(
    {
        "db_instance_identifier",
        "apply_immediately",
        "allow_major_version_upgrade",
        "rotate_master_user_password",
        "db_port_number",
    }
)
_STORAGE = frozenset({"allocated_storage", "storage_type"})
_MODIFIABLE = frozenset({"available", "failed"})


@patches.around(RDSBackend, "modify_db_instance")
def modify_db_instance(
    moto: Original, backend: RDSBackend, identifier: str, changes: dict[str, Any]
) -> DBInstance:
    """ModifyDBInstance: change what changes at once, keep what waits."""
    database = backend.describe_db_instances(identifier)[0]
    if database.status not in _MODIFIABLE:
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Database instance is not in available state: cannot modify "
            f"{database.db_instance_identifier} while it is {database.status}.",
        )
    immediately = bool(changes.get("apply_immediately"))
    wanted = _checked(backend, database, changes)
    divided = _split(database, wanted)
    now, later = divided.at_once, divided.later
    record = DatabaseRecord.of(database)
    group = now.get("db_parameter_group_name")
    changed_group = group is not None and group != database.db_parameter_group_name
    moto(backend, identifier, {**now, "db_instance_identifier": identifier})
    if changed_group:
        events.record(backend, database, events.GROUP_CHANGED.about(name=group))
    if changes.get("rotate_master_user_password"):
        master_secret.begin_rotation(database)
    _reset_password(database)
    staying = {
        name: value
        for name, value in record.pending.items()
        if name not in divided.withdrawn and name not in now  # The last word counts.
    }
    record.pending = {**staying, **later}
    # Another port is taken at once, whatever ApplyImmediately says.
    begin(database, record.pending if immediately else later.keys() & {"port"})
    return database


def begin(database: DBInstance, names: Iterable[str]) -> None:
    """Begin to apply those of the pending changes."""
    record = DatabaseRecord.of(database)
    record.applying = {name: record.pending.pop(name) for name in list(names)}
    if record.applying:
        database.status = "modifying"


def finish(database: DBInstance) -> None:
    """Record that what was being applied is in force."""
    record = DatabaseRecord.of(database)
    applied, record.applying = record.applying, {}
    settings = {name: value for name, value in applied.items() if name != "multi_az"}
    original(DBInstance, "update")(database, **settings)
    if not _STORAGE.isdisjoint(applied):
        record.storage_changed_at, record.optimizing = time.time(), True
    if "multi_az" in applied:
        database.multi_az = bool(applied["multi_az"])
        record.second_zone = instances.second_zone(database) if database.multi_az else ""


def _checked(backend: RDSBackend, database: DBInstance, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a call wants, by moto's names, if RDS would take them."""
    wanted = {name: changes[name] for name in changes if name not in _NOT_SETTINGS}
    if changes.get("db_port_number"):
        wanted["port"] = int(changes["db_port_number"])
    if wanted.get("engine_version"):
        wanted["engine_version"] = resolve_version(wanted["engine_version"])
        check_same_major(database, wanted["engine_version"])
    if wanted.get("db_instance_class"):
        check_class(wanted["db_instance_class"])
    if wanted.get("allocated_storage"):
        wanted["allocated_storage"] = check_storage(database, int(wanted["allocated_storage"]))
    _check_optimized(database, wanted)
    check_retention(wanted.get("backup_retention_period"))
    input_checks.check(backend, wanted)
    _check_zones(database, wanted)
    _check_secret(database, changes)
    if wanted.get("manage_master_user_password") and database.manage_master_user_password:
        # Nothing to turn on: moto would make a second secret.
        del wanted["manage_master_user_password"]
    if wanted.get("vpc_security_group_ids"):
        vpc_id = str(database.db_subnet_group.vpc_id)
        security_groups(backend, wanted["vpc_security_group_ids"], vpc_id)
    group = wanted.get("db_parameter_group_name")
    if group and group not in backend.db_parameter_groups and not group.startswith("default."):
        raise DBParameterGroupNotFoundError(group)
    version = wanted.get("engine_version") or database.engine_version
    check_family(backend, group, version)
    return {name: value for name, value in wanted.items() if value is not None}


def _check_optimized(database: DBInstance, wanted: dict[str, Any]) -> None:
    """Refuse a change of the storage until the one before has been optimized.

    RDS guide, "Modifying settings for storage": not for six hours, or as long as that takes.
    """
    changes = (
        wanted.get(name) not in {None, getattr(database, name, None)} for name in sorted(_STORAGE)
    )
    if DatabaseRecord.of(database).optimizing and any(changes):
        raise InvalidParameterCombination(
            "You can't currently modify the storage of this DB instance because the previous storage "
            "change is being optimized."
        )


def _check_zones(database: DBInstance, wanted: dict[str, Any]) -> None:
    if wanted.get("multi_az") and not instances.second_zone(database):
        raise RDSClientError(
            "InvalidVPCNetworkStateFault",
            f"The DB subnet group {database.db_subnet_group.name} covers one Availability Zone: add a "
            "subnet in another one, for the standby.",
        )


def _check_secret(database: DBInstance, changes: dict[str, Any]) -> None:
    managed = changes.get("manage_master_user_password")
    stays = database.manage_master_user_password and managed is not False
    if changes.get("master_user_password") and (managed or stays):
        raise InvalidParameterCombination(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword "
            "enabled."
        )
    turned_off = managed is False and database.manage_master_user_password
    if turned_off and not changes.get("master_user_password"):
        raise InvalidParameterCombination(
            "You must specify MasterUserPassword when you turn ManageMasterUserPassword off."
        )
    if changes.get("rotate_master_user_password"):
        if not database.manage_master_user_password:
            raise InvalidParameterCombination(
                "You can't rotate the master user password: ManageMasterUserPassword is not enabled."
            )
        if not changes.get("apply_immediately"):
            raise InvalidParameterCombination(
                "You must specify apply immediately when rotating the master user password."
            )


def _split(database: DBInstance, wanted: dict[str, Any]) -> modifications.Split:
    names = {*modifications.DEFERRED, modifications.RETENTION, "port"}
    return modifications.split(wanted, {name: getattr(database, name, None) for name in names})


def _reset_password(database: DBInstance) -> None:
    """Show that the password is about to change, if it is: the controller does it."""
    password = master_secret.wanted_password(database)
    applied = DatabaseRecord.of(database).applied_password
    if password is not None and applied not in {None, password} and database.status == "available":
        database.status = "resetting-master-credentials"
