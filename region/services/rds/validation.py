"""What RDS, or the local region, rejects about a DB instance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import (
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBInstance, DBSubnetGroup, RDSBackend

from region.services.ec2 import default_subnets
from region.services.rds.classes import UnknownClassError, class_of
from region.services.rds.modifications import grown
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.installed import available_versions

ENGINE = "postgres"
DEFAULT_GROUP = "default"
LICENSE = "postgresql-license"
SMALLEST_STORAGE = 20
LARGEST_STORAGE = 65536
"""GiB of general purpose storage for PostgreSQL (RDS guide, "Amazon RDS DB instance storage")."""
LONGEST_RETENTION = 35


def check_new_instance(settings: dict[str, Any]) -> None:
    """Reject an engine, class or master user that cannot work."""
    check_engine(settings.get("engine"))
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
    if settings.get("master_user_secret_kms_key_id") and not managed:
        raise InvalidParameterCombination(
            "You can't specify MasterUserSecretKmsKeyId unless ManageMasterUserPassword is enabled."
        )
    if not settings.get("master_username"):
        raise InvalidParameterValue(
            "The parameter MasterUsername must be provided and must not be blank."
        )
    if settings.get("multi_az") and settings.get("availability_zone"):
        raise InvalidParameterCombination(
            "Requesting a specific availability zone is not valid for Multi-AZ instances."
        )
    storage = settings.get("allocated_storage")
    if storage is None:
        raise InvalidParameterCombination(f"Invalid storage size for engine name {ENGINE}: null.")
    if not SMALLEST_STORAGE <= int(storage) <= LARGEST_STORAGE:
        raise InvalidParameterCombination(
            f"Invalid storage size for engine name {ENGINE}: {storage}. Use {SMALLEST_STORAGE} to "
            f"{LARGEST_STORAGE} GiB."
        )
    _check_license(settings.get("license_model"))


def check_engine(engine: str | None) -> None:
    """Reject an engine that the local region does not run."""
    if engine != ENGINE:
        raise InvalidParameterValue(
            f"Engine {engine} is not available in the local region: use {ENGINE}."
        )


def _check_license(model: str | None) -> None:
    if model not in {None, LICENSE}:
        raise InvalidParameterCombination(
            f"Invalid license model {model} for engine {ENGINE}: use {LICENSE}."
        )


def check_retention(days: int | None) -> None:
    """Reject a backup retention period that RDS does not have."""
    if days is not None and not 0 <= int(days) <= LONGEST_RETENTION:
        raise InvalidParameterValue(
            f"Invalid backup retention period: {days}. Must be between 0 and {LONGEST_RETENTION}."
        )


def check_storage(database: DBInstance, wanted: int) -> int:
    """Return the size in GiB that the storage is to have; it can only grow."""
    present = int(database.allocated_storage)
    if wanted < present:
        raise InvalidParameterCombination(
            f"Requested storage size ({wanted}) cannot be less than the current storage size "
            f"({present})."
        )
    if wanted > LARGEST_STORAGE:
        raise InvalidParameterCombination(
            f"Requested storage size ({wanted}) exceeds {LARGEST_STORAGE} GiB."
        )
    return wanted if wanted == present else min(grown(wanted, present), LARGEST_STORAGE)


def check_zones(backend: RDSBackend, settings: dict[str, Any]) -> None:
    """Reject a Multi-AZ instance whose subnet group has no second zone."""
    if not settings.get("multi_az"):
        return
    group = backend.subnet_groups[str(settings.get("db_subnet_group_name"))]
    zones = {str(subnet.availability_zone) for subnet in subnets_of(group)}
    if len(zones) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            f"The DB subnet group {group.name} covers one Availability Zone: a Multi-AZ instance needs "
            "a second one, for the standby.",
        )


def check_class(instance_class: str) -> None:
    """Reject a DB instance class that is not known."""
    try:
        class_of(instance_class)
    except UnknownClassError as error:
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


def first_subnet(backend: RDSBackend, group_name: str | None, zone: str | None = None) -> Subnet:
    """Return moto's first subnet of a DB subnet group, in a zone if one is named."""
    if not group_name:
        raise RDSClientError(
            "InvalidVPCNetworkStateFault",
            "There is no default VPC for a DB instance without DBSubnetGroupName: pass one.",
        )
    group = backend.subnet_groups.get(group_name)
    if group is None:
        raise DBSubnetGroupNotFoundError(group_name)
    found = [
        subnet for subnet in subnets_of(group) if zone is None or subnet.availability_zone == zone
    ]
    if not found:
        raise RDSClientError(
            "InvalidVPCNetworkStateFault",
            f"The DB subnet group {group_name} has no subnet in {zone}: add one, or choose another "
            "Availability Zone.",
        )
    return found[0]


def default_subnet_group(backend: RDSBackend) -> str | None:
    """Return the name of the default VPC's DB subnet group, which RDS makes when it is needed.

    RDS guide, "Working with a DB instance in a VPC": one subnet in each zone. None without such a VPC.
    """
    if DEFAULT_GROUP not in backend.subnet_groups:
        subnets = default_subnets.all_of(ec2_backends[backend.account_id][backend.region_name])
        if not subnets:
            return None
        backend.create_subnet_group(DEFAULT_GROUP, DEFAULT_GROUP, subnets, [])
    return DEFAULT_GROUP


def security_groups(backend: RDSBackend, wanted: Iterable[str], vpc_id: str) -> list[str]:
    """Return the security groups of an instance: its VPC's default one if none is wanted.

    Raises:
        InvalidParameterValue: a group does not exist.
        InvalidParameterCombination: a group is in another VPC.
    """
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    default = ec2.get_default_security_group(vpc_id)
    names = list(wanted) or ([] if default is None else [str(default.id)])
    for name in names:
        group = ec2.get_security_group_from_id(name)
        if group is None:
            raise InvalidParameterValue(f"Invalid security group , groupId= {name}, groupName=.")
        if group.vpc_id != vpc_id:
            raise InvalidParameterCombination(
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in "
                f"{vpc_id} and the EC2 security group is in {group.vpc_id}"
            )
    return names


def subnets_of(group: DBSubnetGroup) -> list[Subnet]:
    """Return moto's subnets of a DB subnet group; its `subnets` only describe them."""
    return list(group._subnets)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def is_public(subnet: Subnet) -> bool:
    """Return whether an instance is public by default: its VPC has an internet gateway.

    API reference, CreateDBInstance, PubliclyAccessible.
    """
    gateways = subnet.ec2_backend.internet_gateways.values()
    return any(gateway.vpc is not None and gateway.vpc.id == subnet.vpc_id for gateway in gateways)


def major(version: str) -> str:
    """Return the major version of `18.4`: `18`."""
    return version.partition(".")[0]
