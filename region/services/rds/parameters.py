"""Which values of a DB parameter group are in force at a DB instance, and which are not yet.

As in RDS: another DB parameter group takes effect at the next reboot. Of the group in force, a dynamic
parameter takes effect at once, a static one (or one with apply method pending-reboot) at the next reboot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue
from moto.rds.models import DBInstance, DBParameterGroup

from region.services.rds.postgres.catalogue import Parameter, catalogue
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.settings import FIXED, FORCE_SSL
from region.services.rds.records import DatabaseRecord

ApplyStatus = Literal["in-sync", "pending-reboot", "applying"]
FAMILY = "postgres"
PENDING_REBOOT = "pending-reboot"


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of one parameter in a group.

    Attributes:
        waits: Whether it takes effect at the next reboot only.
    """

    value: str
    waits: bool


def settings_of(database: DBInstance) -> dict[str, Setting]:
    """Return what the instance's DB parameter group sets."""
    group = group_of(database)
    known = known_parameters(group)
    return {
        name: Setting(
            str(given["ParameterValue"]),
            waits=given.get("ApplyMethod") == PENDING_REBOOT
            or (name in known and known[name].static),
        )
        for name, given in group.parameters.items()
        if given.get("ParameterValue") is not None
    }


def group_of(database: DBInstance) -> DBParameterGroup:
    """Return the instance's DB parameter group; RDS has one per instance."""
    return database.db_parameter_groups()[0]


def at_next_start(settings: Mapping[str, Setting]) -> dict[str, str]:
    """Return the values that a start puts into force: all of them."""
    return {name: setting.value for name, setting in settings.items()}


def now(settings: Mapping[str, Setting], in_force: Mapping[str, str]) -> dict[str, str]:
    """Return the values that are to be in force without a reboot, given those that are."""
    wanted = {
        name: setting.value if not setting.waits else in_force.get(name)
        for name, setting in settings.items()
    }
    return {name: value for name, value in wanted.items() if value is not None}


def status(
    settings: Mapping[str, Setting], group: str, in_force: Mapping[str, str] | None, was: str
) -> ApplyStatus:
    """Return the apply status of `group`, where `was` has been the group since the last start."""
    if in_force is None:
        return "in-sync"
    if group != was:
        return "pending-reboot"
    if any(
        setting.waits and in_force.get(name) != setting.value for name, setting in settings.items()
    ):
        return "pending-reboot"
    return "in-sync" if now(settings, in_force) == dict(in_force) else "applying"


def status_of(database: DBInstance) -> ApplyStatus:
    """Return the apply status of an instance's DB parameter group."""
    record = DatabaseRecord.of(database)
    return status(
        settings_of(database), str(group_of(database).name), record.parameters, record.group
    )


def known_parameters(group: DBParameterGroup) -> Mapping[str, Parameter]:
    """Return PostgreSQL's parameters by name; none if its version is not installed."""
    major = str(group.family or "").removeprefix(FAMILY)
    try:
        return catalogue(int(major))
    except (DatabaseError, ValueError):
        return {}


def check(group: DBParameterGroup, given: Mapping[str, Any]) -> None:
    """Reject a parameter that the version does not have, or that the region cannot change.

    Raises:
        InvalidParameterValue: The name or the value cannot be.
        InvalidParameterCombination: A static parameter is to be applied at once.
    """
    name, value = str(given.get("ParameterName") or ""), str(given.get("ParameterValue") or "")
    if name == FORCE_SSL:
        if value not in {"0", "1"}:
            raise InvalidParameterValue(
                f"Invalid parameter value: {value} for: {name} allowed: 0,1"
            )
        return
    if not is_modifiable(name):
        raise InvalidParameterValue(
            f"The local region cannot change DB parameter {name}: where the database runs determines "
            "it. Leave it out."
        )
    known = known_parameters(group)
    if known and name not in known and "." not in name:
        raise InvalidParameterValue(f"Could not find parameter with name: {name}")
    if "{" in value:
        raise InvalidParameterValue(
            f"The local region does not evaluate formulas: set {name} to a number, not {value}."
        )
    if "\n" in value or not value:
        raise InvalidParameterValue(f"Invalid parameter value: {value} for: {name}")
    if name in known:
        _check_value(known[name], value)
        if known[name].static and given.get("ApplyMethod") == "immediate":
            raise InvalidParameterCombination(
                f"cannot use immediate apply method for static parameter: {name}"
            )


def is_modifiable(name: str) -> bool:
    """Return whether the region can change a parameter."""
    return name == FORCE_SSL or not (name in FIXED or name.startswith("rds."))


def _check_value(parameter: Parameter, value: str) -> None:
    wrong = InvalidParameterValue(
        f"Invalid parameter value: {value} for: {parameter.name} allowed: {parameter.allowed}"
    )
    if parameter.kind == "boolean":
        if value.lower() not in {"0", "1", "on", "off", "true", "false", "yes", "no"}:
            raise wrong
    elif parameter.kind in {"integer", "float"}:
        # RDS takes plain numbers in the parameter's own unit.
        try:
            number = float(value)
        except ValueError:
            raise wrong from None
        lowest, highest = _limits(parameter)
        if not lowest <= number <= highest:
            raise wrong


def _limits(parameter: Parameter) -> tuple[float, float]:
    negative = parameter.allowed.startswith("-")
    lowest, _, highest = parameter.allowed.removeprefix("-").partition("-")
    return (-float(lowest) if negative else float(lowest)), float(highest)
