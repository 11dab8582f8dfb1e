"""RDS's calls for DB subnet groups and DB parameter groups."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import (
    DBParameterGroupNotFoundError,
    DBSubnetGroupNotFoundError,
    InvalidParameterCombination,
    InvalidParameterValue,
    RDSClientError,
)
from moto.rds.models import DBParameterGroup, DBSubnetGroup, OptionGroup, RDSBackend
from moto.rds.responses import RDSResponse

from region.api.patching import Original, Patches
from region.services.rds import input_checks, parameters

patches = Patches()

_SOURCES: Final = ("engine-default", "system", "user")
_FEWEST_ZONES: Final = 2
"""Zones that the subnets of a DB subnet group are in (RDS guide, Working with DB subnet groups)."""
_FAMILY: Final = re.compile(r"postgres1[1-8]")
"""What Amazon RDS for PostgreSQL offers (RDS release notes, "Release calendars")."""
_ABSENT: Final = {
    "db": ("DBInstanceNotFound", "DBInstance"),
    "es": ("SubscriptionNotFound", "Event subscription"),
    "pg": ("DBParameterGroupNotFound", "DBParameterGroup"),
    "snapshot": ("DBSnapshotNotFound", "DBSnapshot"),
    "subgrp": ("DBSubnetGroupNotFoundFault", "DB subnet group"),
}
"""The errors for what is not there, by the kind that its ARN names."""


@patches.method(RDSBackend)
def modify_db_subnet_group(
    backend: RDSBackend, subnet_name: str, description: str, subnets: list[Subnet]
) -> DBSubnetGroup:
    """ModifyDBSubnetGroup; moto would lose the group."""
    group = backend.subnet_groups.get(subnet_name)
    if group is None:
        raise DBSubnetGroupNotFoundError(subnet_name)
    _check_coverage(subnets)
    group.subnets = subnets
    group.description = description or group.description
    return group


@patches.around(RDSBackend, "create_subnet_group")
def _create_subnet_group(
    moto: Original,
    backend: RDSBackend,
    name: str,
    description: str,
    subnets: list[Subnet],
    *rest: Any,
) -> DBSubnetGroup:
    """CreateDBSubnetGroup; moto would replace a group of the same name."""
    if name in backend.subnet_groups:
        raise RDSClientError(
            "DBSubnetGroupAlreadyExists", f"The DB subnet group '{name.lower()}' already exists."
        )
    _check_coverage(subnets)
    return moto(backend, name, description, subnets, *rest)


def _check_coverage(subnets: list[Subnet]) -> None:
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < _FEWEST_ZONES:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ "
            f"coverage: {', '.join(sorted(map(str, zones))) or 'none'}. Add subnets to cover at least "
            f"{_FEWEST_ZONES} AZs.",
        )


@patches.around(RDSBackend, "describe_option_groups")
def _describe_option_groups(
    moto: Original, backend: RDSBackend, wanted: Mapping[str, Any]
) -> list[OptionGroup]:
    """DescribeOptionGroups; moto fails without a name, and where there are none."""
    if wanted.get("option_group_name"):
        return moto(backend, wanted)
    return moto(backend, {**wanted, "option_group_name": ""}) if backend.option_groups else []


@patches.around(RDSResponse, "create_db_subnet_group")
def _create_db_subnet_group(moto: Original, self: RDSResponse) -> object:
    with _subnets_of_rds():
        return moto(self)


@patches.around(RDSResponse, "modify_db_subnet_group")
def _modify_db_subnet_group(moto: Original, self: RDSResponse) -> object:
    self.backend.describe_db_subnet_groups(str(self.params.get("DBSubnetGroupName")))
    with _subnets_of_rds():
        return moto(self)


@contextmanager
def _subnets_of_rds() -> Generator[None]:
    """Turn EC2's error for a subnet that is not there into RDS's."""
    try:
        yield
    except InvalidSubnetIdError as error:
        message = f"Some input subnets are invalid: {error.message}"
        raise RDSClientError("InvalidSubnet", message) from error


@patches.around(RDSBackend, "create_db_parameter_group")
def _create_db_parameter_group(
    moto: Original, backend: RDSBackend, settings: dict[str, Any]
) -> DBParameterGroup:
    """CreateDBParameterGroup: of a family that there is an engine for."""
    family, name = (str(settings.get(f"db_parameter_group_{part}")) for part in ("family", "name"))
    if not input_checks.is_identifier(name):
        raise InvalidParameterValue(
            f"The parameter DBParameterGroupName is not a valid identifier: {name}."
        )
    if not _FAMILY.fullmatch(family):
        raise InvalidParameterValue(
            f"ParameterGroupFamily {family} is not a valid parameter group family: the local region has "
            "those of PostgreSQL, such as postgres18."
        )
    return moto(backend, settings)


@patches.around(RDSBackend, "describe_db_parameter_groups")
def _describe_db_parameter_groups(
    moto: Original, backend: RDSBackend, given: dict[str, Any]
) -> list[DBParameterGroup]:
    name = given.get("db_parameter_group_name")
    found: list[DBParameterGroup] = moto(backend, given)
    if name and not found:
        raise DBParameterGroupNotFoundError(name)
    return found


@patches.around(RDSBackend, "_get_resource_for_tagging")
def _resource_for_tagging(moto: Original, backend: RDSBackend, arn: str) -> Any:
    """Return what an ARN names; moto returns None for what is not there, whose tags are none."""
    found = moto(backend, arn)
    if found is None:
        kind, _, name = arn.split(":", 5)[-1].partition(":")
        code, what = _ABSENT.get(kind, ("InvalidParameterValue", "Resource"))
        raise RDSClientError(code, f"{what} {name} not found.")
    return found


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
    """DeleteDBParameterGroup, unless it is a default one or an instance uses the group."""
    if db_parameter_group_name.startswith("default."):
        raise RDSClientError(
            "InvalidDBParameterGroupState", "The default DB parameter groups cannot be deleted."
        )
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
    if db_parameter_group_name.startswith("default."):
        raise InvalidParameterValue(
            f"The parameter group {db_parameter_group_name} is a default one, which cannot be modified: "
            "create one."
        )
    group = _group(backend, db_parameter_group_name)
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
    if source not in {None, *_SOURCES}:
        raise InvalidParameterValue(f"Invalid source: {source}. Use {', '.join(_SOURCES)}.")
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
