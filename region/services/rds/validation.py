"""What RDS, or the local region, rejects about a DB instance."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import (
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBInstance, RDSBackend

from region.services.rds.postgres.cluster import available_versions
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.settings import SettingsError, max_connections

ENGINE = "postgres"


def check_new_instance(settings: dict[str, Any]) -> None:
    """Reject an engine, class or master user that cannot work."""
    engine = settings.get("engine")
    if engine != ENGINE:
        raise InvalidParameterValue(
            f"Engine {engine} is not available in the local region: use {ENGINE}."
        )
    check_class(str(settings.get("db_instance_class")))
    managed = bool(settings.get("manage_master_user_password"))
    if managed and settings.get("master_user_password"):
        raise InvalidParameterCombination(
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword "
            "enabled."
        )
    if not managed and not settings.get("master_user_password"):
        raise InvalidParameterValue(
            "The parameter MasterUserPassword must be provided and must not be blank."
        )
    if not settings.get("master_username"):
        raise InvalidParameterValue(
            "The parameter MasterUsername must be provided and must not be blank."
        )


def check_class(instance_class: str) -> None:
    """Reject a DB instance class that is not known."""
    try:
        max_connections(instance_class)
    except SettingsError as error:
        raise InvalidParameterValue(str(error)) from error


def check_family(backend: RDSBackend, group_name: str | None, engine_version: str) -> None:
    """Reject a DB parameter group of another family than the engine version's."""
    group = backend.db_parameter_groups.get(group_name) if group_name else None
    family = f"{ENGINE}{major(engine_version)}"
    if group is not None and group.family != family:
        raise InvalidParameterCombination(
            f"The parameter group {group_name} with DBParameterGroupFamily {group.family} can't be "
            "used for this instance. Please use a Parameter Group with DBParameterGroupFamily "
            f"{family}."
        )


def check_same_major(database: DBInstance, version: str) -> None:
    """Reject a major upgrade."""
    if major(version) != major(database.engine_version):
        raise InvalidParameterCombination(
            f"The local region cannot upgrade {database.db_instance_identifier} from "
            f"{database.engine_version} to {version}: replace the instance."
        )


def check_final_snapshot(backend: RDSBackend, snapshot: str | None, *, skip: bool) -> None:
    """Require a decision about the final snapshot."""
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


def resolve_version(wanted: str | None) -> str:
    """Return the engine version that `18` or `18.4` means; `18` is the minor that is installed."""
    try:
        known = available_versions()
    except DatabaseError as error:
        raise InvalidParameterValue(str(error)) from error
    wanted = str(wanted or max(known))
    version = known.get(int(major(wanted))) if major(wanted).isdigit() else None
    if version is None:
        majors = ", ".join(str(number) for number in sorted(known))
        raise InvalidParameterCombination(
            f"Cannot find version {wanted} for {ENGINE}: the local region has {majors}."
        )
    return wanted if "." in wanted else version


def first_subnet(backend: RDSBackend, group_name: str | None) -> Subnet:
    """Return moto's first subnet of a DB subnet group."""
    if not group_name:
        raise InvalidParameterValue(
            "The local region has no default DB subnet group: pass DBSubnetGroupName."
        )
    group = backend.subnet_groups.get(group_name)
    if group is None:
        raise DBSubnetGroupNotFoundError(group_name)
    # `subnets` only describes them.
    return group._subnets[0]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def major(version: str) -> str:
    """Return the major version of `18.4`: `18`."""
    return version.partition(".")[0]
