"""RDS's calls for DB subnet groups and DB parameter groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import (
    DBParameterGroupNotFoundError,
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBParameterGroup, DBSubnetGroup, RDSBackend
from moto.rds.responses import RDSResponse

from region.api.patching import Original, Patches
from region.services.rds import parameters

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


@patches.around(RDSBackend, "modify_db_parameter_group")
def modify_db_parameter_group(
    moto: Original,
    backend: RDSBackend,
    db_parameter_group_name: str,
    db_parameter_group_parameters: list[dict[str, Any]],
) -> DBParameterGroup:
    """ModifyDBParameterGroup: all of the parameters, or none where one cannot be."""
    group = _group(backend, db_parameter_group_name)
    if str(group.name).startswith("default."):
        raise InvalidParameterValue(
            f"The parameter group {group.name} is a default one, which cannot be modified: create one."
        )
    given = list(db_parameter_group_parameters)
    for parameter in given:
        parameters.check(group, parameter)
    return moto(backend, db_parameter_group_name, given)


@patches.method(RDSResponse)
def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
    """ResetDBParameterGroup: back to the engine's defaults; moto has no such call."""
    group = _group(self.backend, str(self.params.get("DBParameterGroupName")))
    named = [str(item["ParameterName"]) for item in self.params.get("Parameters") or ()]
    everything = self.params.get("ResetAllParameters")
    if bool(named) == bool(everything):
        raise InvalidParameterCombination(
            "Specify either ResetAllParameters or the names of the Parameters."
        )
    for name in list(group.parameters) if everything else named:
        group.parameters.pop(name, None)
    return ActionResult({"DBParameterGroupName": group.name})


@patches.method(RDSResponse)
def describe_db_parameters(self: RDSResponse) -> ActionResult:
    """DescribeDBParameters: what the group sets, and the engine's own for the rest."""
    group = _group(self.backend, str(self.params.get("DBParameterGroupName")))
    source = self.params.get("Source")
    found = [described for described in _described(group) if source in {None, described["Source"]}]
    return ActionResult({"Parameters": found})


def _described(group: DBParameterGroup) -> Iterator[dict[str, Any]]:
    known = parameters.known_parameters(group)
    for name in sorted({*known, *group.parameters}):
        parameter, given = known.get(name), group.parameters.get(name)
        static = parameter is not None and parameter.static
        described: dict[str, Any] = {
            "ParameterName": name,
            "Source": "user" if given else "engine-default",
            "ApplyType": "static" if static else "dynamic",
            "IsModifiable": parameters.is_modifiable(name),
            "ApplyMethod": "pending-reboot",
        }
        if parameter is not None:
            described |= {"DataType": parameter.kind, "Description": parameter.description}
            if parameter.allowed:
                described["AllowedValues"] = parameter.allowed
        yield described | dict(given or {})


def _group(backend: RDSBackend, name: str) -> DBParameterGroup:
    group = backend.db_parameter_groups.get(name)
    if group is None:
        raise DBParameterGroupNotFoundError(name)
    return group
