"""RDS's calls for DB subnet groups and DB parameter groups."""

from __future__ import annotations

from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import DBParameterGroup, DBSubnetGroup, RDSBackend

from region.api.patching import Original, Patches

patches = Patches()


@patches.method(RDSBackend)
def modify_db_subnet_group(
    backend: RDSBackend, subnet_name: str, description: str, subnets: list[Subnet]
) -> DBSubnetGroup:
    """ModifyDBSubnetGroup; moto would lose the group."""
    group = backend.subnet_groups.get(subnet_name)
    if group is None:
        raise DBSubnetGroupNotFoundError(subnet_name)
    group.subnets = subnets
    group.description = description or group.description
    return group


@patches.around(RDSBackend, "delete_subnet_group")
def delete_subnet_group(moto: Original, backend: RDSBackend, subnet_name: str) -> DBSubnetGroup:
    """DeleteDBSubnetGroup, unless an instance uses the group."""
    for database in backend.databases.values():
        if database.db_subnet_group.name == subnet_name.lower():
            raise RDSClientError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because at least one "
                f"database instance: {database.db_instance_identifier} is still using it.",
            )
    return moto(backend, subnet_name)


@patches.around(RDSBackend, "delete_db_parameter_group")
def delete_db_parameter_group(
    moto: Original, backend: RDSBackend, db_parameter_group_name: str
) -> DBParameterGroup:
    """DeleteDBParameterGroup, unless an instance uses the group."""
    for database in backend.databases.values():
        if database.db_parameter_group_name == db_parameter_group_name:
            raise RDSClientError(
                "InvalidDBParameterGroupState",
                "One or more database instances are still members of this parameter "
                f"group {db_parameter_group_name}, so the group cannot be deleted",
            )
    return moto(backend, db_parameter_group_name)
