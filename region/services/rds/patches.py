"""RDS as AWS answers it: DB instances take their time, and their endpoint is a real one.

Calls validate and record; `region.services.rds.controller` creates, starts, stops and removes the
PostgreSQL cluster and sets the states that AWS documents.
"""

import json
import secrets
import string
from typing import Any

from moto.rds.exceptions import (
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend

from region.addresses import private_of
from region.api.patching import add, original, replace
from region.services.ec2 import placement
from region.services.rds.postgres.cluster import DatabaseError, available_versions
from region.services.rds.postgres.settings import SettingsError, max_connections

ENGINE = "postgres"
PASSWORD_LENGTH = 28
# RDS leaves out / ' " @ and blanks; these need no quoting in a shell either.
PASSWORD_ALPHABET = string.ascii_letters + string.digits + "_.-!#%*+=?~"
RESOURCE_ID_LENGTH = 26


def install() -> None:
    """Patch moto's RDS."""
    _patch_instance()
    _patch_master_secret()
    _patch_creation()
    _patch_deletion()
    _patch_modification()
    _patch_operations()
    _patch_subnet_groups()
    _patch_parameter_groups()


def master_password(database: Any) -> str:
    """The master password that the control plane wants: the managed secret's or the given one."""
    if database.manage_master_user_password:
        secret = database.master_user_secret.secret
        current = database.backend.secretsmanager.get_secret_value(secret.arn, None, None)
        return str(json.loads(current["SecretString"])["password"])
    return str(database._master_user_password)  # noqa: SLF001  # moto has no reader for it


def parameters_of(database: Any) -> dict[str, str]:
    """The values set in the instance's DB parameter groups."""
    return {
        name: str(parameter["ParameterValue"])
        for group in database.db_parameter_groups()
        for name, parameter in group.parameters.items()
        if parameter.get("ParameterValue") is not None
    }


def finish_deletion(backend: Any, identifier: str) -> None:
    """Remove an instance whose cluster is gone, with what moto removes beside it."""
    database = backend.databases[identifier]
    placement.release(database.address_subnet, private_of(database.loopback_address))
    moto_delete = original(RDSBackend, "delete_db_instance")
    moto_delete(backend, identifier, **database.deletion)


# Instance ------------------------------------------------------------------------------------


def _patch_instance() -> None:
    def make_init(moto_init: Any) -> Any:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            moto_init(self, *args, **kwargs)
            self.status = "creating"
            self.dbi_resource_id = "db-" + "".join(
                secrets.choice(string.ascii_uppercase + string.digits)
                for _ in range(RESOURCE_ID_LENGTH)
            )
            self.listening = False
            self.loopback_address = ""
            self.address_subnet = None
            self.deletion = {}
            self.applied_password = None
            self.status_infos = []

        return __init__

    def address(self: Any) -> str | None:
        return self.loopback_address or None

    def endpoint(self: Any) -> dict[str, Any] | None:
        """RDS names the endpoint when it exists: not while the instance is being created."""
        return {"Address": self.loopback_address, "Port": self.port} if self.listening else None

    def default_db_parameter_group_details(self: Any) -> tuple[str, str]:
        family = f"{self.engine.lower()}{_major(self.engine_version)}"
        return family, f"default.{family}"

    replace(DBInstance, "__init__", make_init)
    replace(DBInstance, "address", lambda _original: property(address))
    replace(DBInstance, "endpoint", lambda _original: property(endpoint))
    add(DBInstance, default_db_parameter_group_details)


def _patch_master_secret() -> None:
    def _generate_secret_string(self: Any) -> str:
        password = "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))
        return json.dumps({"username": self.resource.master_username, "password": password})

    add(MasterUserSecret, _generate_secret_string)


def _patch_creation() -> None:
    def make_create(moto_create: Any) -> Any:
        def create_db_instance(self: Any, db_kwargs: dict[str, Any]) -> Any:
            _check_supported(db_kwargs)
            db_kwargs["engine_version"] = _full_version(db_kwargs.get("engine_version"))
            _check_family(self, db_kwargs.get("db_parameter_group_name"), db_kwargs)
            subnet = _first_subnet(self, db_kwargs.get("db_subnet_group_name"))
            database = moto_create(self, db_kwargs)
            try:
                database.loopback_address = placement.claim(subnet, database.db_instance_arn)
            except placement.PlacementError as error:
                del self.databases[database.db_instance_identifier]
                raise RDSClientError("InvalidSubnet", str(error)) from error
            database.address_subnet = subnet
            if not db_kwargs.get("availability_zone"):
                database.availability_zone = subnet.availability_zone
            return database

        return create_db_instance

    replace(RDSBackend, "create_db_instance", make_create)


def _check_supported(db_kwargs: dict[str, Any]) -> None:
    engine = db_kwargs.get("engine")
    if engine != ENGINE:
        raise InvalidParameterValue(
            f"Engine {engine} is not available in the local region: use {ENGINE}."
        )
    try:
        max_connections(str(db_kwargs.get("db_instance_class")))
    except SettingsError as error:
        raise InvalidParameterValue(str(error)) from error
    managed = bool(db_kwargs.get("manage_master_user_password"))
    if managed and db_kwargs.get("master_user_password"):
        raise InvalidParameterCombination(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword "
            "enabled."
        )
    if not managed and not db_kwargs.get("master_user_password"):
        raise InvalidParameterValue(
            "The parameter MasterUserPassword must be provided and must not be blank."
        )
    if not db_kwargs.get("master_username"):
        raise InvalidParameterValue(
            "The parameter MasterUsername must be provided and must not be blank."
        )


def _full_version(wanted: Any) -> str:
    """The engine version that a wish like `18` or `18.4` means: the minor that is installed."""
    try:
        known = available_versions()
    except DatabaseError as error:
        raise InvalidParameterValue(str(error)) from error
    wanted = str(wanted or max(known))
    version = known.get(int(_major(wanted))) if _major(wanted).isdigit() else None
    if version is None:
        majors = ", ".join(str(major) for major in sorted(known))
        raise InvalidParameterCombination(
            f"Cannot find version {wanted} for {ENGINE}: the local region has {majors}."
        )
    return wanted if "." in wanted else version


def _check_family(backend: Any, name: str | None, db_kwargs: dict[str, Any]) -> None:
    group = backend.db_parameter_groups.get(name) if name else None
    family = f"{ENGINE}{_major(db_kwargs['engine_version'])}"
    if group is not None and group.family != family:
        raise InvalidParameterCombination(
            f"The parameter group {name} with DBParameterGroupFamily {group.family} can't be used "
            f"for this instance. Please use a Parameter Group with DBParameterGroupFamily {family}."
        )


def _first_subnet(backend: Any, name: str | None) -> Any:
    if not name:
        raise InvalidParameterValue(
            "The local region has no default DB subnet group: pass DBSubnetGroupName."
        )
    group = backend.subnet_groups.get(name.lower()) or backend.subnet_groups.get(name)
    if group is None:
        raise DBSubnetGroupNotFoundError(name)
    return group._subnets[0]  # noqa: SLF001


def _major(version: Any) -> str:
    return str(version).partition(".")[0]


# Operations ----------------------------------------------------------------------------------


def _patch_deletion() -> None:
    def delete_db_instance(
        self: Any,
        db_instance_identifier: str,
        final_db_snapshot_identifier: str | None = None,
        skip_final_snapshot: bool | None = False,
        delete_automated_backups: bool | None = True,
    ) -> Any:
        database = self.describe_db_instances(db_instance_identifier)[0]
        if database.status == "deleting":
            raise RDSClientError(
                "InvalidDBInstanceState",
                f"Instance {db_instance_identifier} is already being deleted.",
            )
        if database.deletion_protection:
            raise InvalidParameterCombination(
                "Cannot delete protected DB Instance, please disable deletion protection and try "
                "again."
            )
        _check_final_snapshot(self, final_db_snapshot_identifier, bool(skip_final_snapshot))
        database.deletion = {
            "final_db_snapshot_identifier": final_db_snapshot_identifier,
            "skip_final_snapshot": skip_final_snapshot,
            "delete_automated_backups": delete_automated_backups,
        }
        database.status = "deleting"
        return database

    # `original` must know moto's own before it is replaced.
    original(RDSBackend, "delete_db_instance")
    add(RDSBackend, delete_db_instance)


def _check_final_snapshot(backend: Any, snapshot: str | None, skip: bool) -> None:
    if skip and snapshot:
        raise InvalidParameterCombination(
            "FinalDBSnapshotIdentifier can not be specified when deleting with "
            "SkipFinalSnapshot=true."
        )
    if not skip and not snapshot:
        raise InvalidParameterCombination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        )
    if snapshot and snapshot in backend.database_snapshots:
        raise RDSClientError(
            "DBSnapshotAlreadyExists",
            f"Cannot create the snapshot because a snapshot with the identifier {snapshot} "
            "already exists.",
        )


def _patch_modification() -> None:
    def make_modify(moto_modify: Any) -> Any:
        def modify_db_instance(self: Any, db_instance_identifier: str, kwargs: Any) -> Any:
            database = self.describe_db_instances(db_instance_identifier)[0]
            _require_available(database, "modify")
            if kwargs.get("new_db_instance_identifier"):
                raise InvalidParameterValue(
                    "The local region cannot rename a DB instance: replace it instead."
                )
            if kwargs.get("engine_version"):
                kwargs["engine_version"] = _full_version(kwargs["engine_version"])
                _check_same_major(database, kwargs["engine_version"])
            instance_class = database.db_instance_class
            if kwargs.get("db_instance_class"):
                _check_class(kwargs["db_instance_class"])
            _check_family(
                self,
                kwargs.get("db_parameter_group_name"),
                {"engine_version": kwargs.get("engine_version") or database.engine_version},
            )
            moto_modify(self, db_instance_identifier, kwargs)
            if database.db_instance_class != instance_class:
                database.status = "modifying"
            return database

        return modify_db_instance

    replace(RDSBackend, "modify_db_instance", make_modify)


def _patch_operations() -> None:
    def passing_through(call: str, needed: str, state: str) -> Any:
        def make(moto_call: Any) -> Any:
            def changed(self: Any, db_instance_identifier: str, *args: Any) -> Any:
                database = self.describe_db_instances(db_instance_identifier)[0]
                if database.status != needed:
                    raise RDSClientError(
                        "InvalidDBInstanceState",
                        f"Instance {db_instance_identifier} is not in {needed} state.",
                    )
                moto_call(self, db_instance_identifier, *args)
                database.status = state
                return database

            changed.__name__ = call
            return changed

        return make

    for call, needed, state in (
        ("stop_db_instance", "available", "stopping"),
        ("start_db_instance", "stopped", "starting"),
        ("reboot_db_instance", "available", "rebooting"),
    ):
        replace(RDSBackend, call, passing_through(call, needed, state))


def _require_available(database: Any, action: str) -> None:
    if database.status in {"creating", "deleting"}:
        raise RDSClientError(
            "InvalidDBInstanceState",
            f"Database instance is not in available state: cannot {action} "
            f"{database.db_instance_identifier} while it is {database.status}.",
        )


def _check_same_major(database: Any, version: str) -> None:
    if _major(version) != _major(database.engine_version):
        raise InvalidParameterCombination(
            f"The local region cannot upgrade {database.db_instance_identifier} from "
            f"{database.engine_version} to {version}: replace the instance."
        )


def _check_class(instance_class: str) -> None:
    try:
        max_connections(instance_class)
    except SettingsError as error:
        raise InvalidParameterValue(str(error)) from error


# Groups --------------------------------------------------------------------------------------


def _patch_subnet_groups() -> None:
    def modify_db_subnet_group(
        self: Any, subnet_name: str, description: str, subnets: list[Any]
    ) -> Any:
        group = self.subnet_groups.get(subnet_name)
        if group is None:
            raise DBSubnetGroupNotFoundError(subnet_name)
        group.subnets = subnets
        group.description = description or group.description
        return group

    def make_delete_subnet_group(moto_delete: Any) -> Any:
        def delete_subnet_group(self: Any, subnet_name: str) -> Any:
            for database in self.databases.values():
                if database.db_subnet_group.name == subnet_name.lower():
                    raise RDSClientError(
                        "InvalidDBSubnetGroupStateFault",
                        f"Cannot delete the subnet group '{subnet_name}' because at least one "
                        f"database instance: {database.db_instance_identifier} is still using it.",
                    )
            return moto_delete(self, subnet_name)

        return delete_subnet_group

    add(RDSBackend, modify_db_subnet_group)
    replace(RDSBackend, "delete_subnet_group", make_delete_subnet_group)


def _patch_parameter_groups() -> None:
    def make_delete_parameter_group(moto_delete: Any) -> Any:
        def delete_db_parameter_group(self: Any, db_parameter_group_name: str) -> Any:
            for database in self.databases.values():
                if database.db_parameter_group_name == db_parameter_group_name:
                    raise RDSClientError(
                        "InvalidDBParameterGroupState",
                        "One or more database instances are still members of this parameter "
                        f"group {db_parameter_group_name}, so the group cannot be deleted",
                    )
            return moto_delete(self, db_parameter_group_name)

        return delete_db_parameter_group

    replace(RDSBackend, "delete_db_parameter_group", make_delete_parameter_group)
