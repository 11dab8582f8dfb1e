"""Parameters of Systems Manager: what of a value, a path or a name the service refuses."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

from moto.ssm.exceptions import InvalidResourceId, SSMException, ValidationException
from moto.ssm.models import Parameter, SimpleSystemManagerBackend

from region.api.patching import Original, Patches

patches = Patches()

_LARGEST: Final = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
"""Systems Manager user guide, "Managing parameter tiers"; in bytes."""


_LEVELS: Final = 15
"""Levels of a name's hierarchy (API reference, PutParameter)."""


@patches.around(SimpleSystemManagerBackend, "put_parameter")
def _put_parameter(
    moto: Original, self: SimpleSystemManagerBackend, *given: Any, **named: Any
) -> Parameter:
    wanted = inspect.signature(moto).bind(self, *given, **named).arguments
    tier, value = str(wanted.get("tier") or "Standard"), str(wanted["value"])
    most = _LARGEST.get(tier, max(_LARGEST.values()))
    if len(value.encode()) > most:
        raise ValidationException(
            f"{tier} tier parameters support a maximum parameter value of {most} characters."
        )
    name = str(wanted["name"])
    if name.count("/") - (not name.startswith("/")) >= _LEVELS + 1:
        raise SSMException(
            "HierarchyLevelLimitExceededException",
            f"Parameter {name} has more than {_LEVELS} levels of hierarchy.",
        )
    _check_type(self, name, wanted.get("parameter_type"))
    _check_tier(self, name, tier if wanted.get("tier") else "")
    if wanted["allowed_pattern"]:
        _check_pattern(value, str(wanted["allowed_pattern"]))
    return moto(self, *given, **named)


def _check_type(backend: SimpleSystemManagerBackend, name: str, wanted: str | None) -> None:
    """Refuse another type than the versions before have."""
    versions = _versions(backend, name)
    known = versions[-1].parameter_type if versions else wanted
    if wanted and wanted != known:
        raise SSMException(
            "HierarchyTypeMismatchException",
            "Parameter Store does not support changing a parameter type in a hierarchy: "
            f"{name} is a {known}. Create a new, unique parameter.",
        )


def _versions(backend: SimpleSystemManagerBackend, name: str) -> list[Parameter]:
    """Return the versions of a parameter, without making one of what is not there, as moto's index does."""
    known = backend._parameters  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return list(known[name]) if name in known else []


def _check_tier(backend: SimpleSystemManagerBackend, name: str, wanted: str) -> None:
    """Refuse to make an advanced parameter a standard one (API reference, PutParameter)."""
    versions = _versions(backend, name)
    if versions and versions[-1].tier == "Advanced" and wanted == "Standard":
        raise ValidationException(
            f"Parameter {name} uses the advanced-parameter tier. You can't downgrade a parameter from the "
            "advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the "
            "advanced parameter and recreate it as a standard parameter."
        )


def _check_pattern(value: str, pattern: str) -> None:
    try:
        fits = re.search(pattern, value)
    except re.error as error:
        message = f"The AllowedPattern {pattern} is not a regular expression: {error}."
        raise SSMException("InvalidAllowedPatternException", message) from error
    if not fits:
        raise SSMException(
            "ParameterPatternMismatchException",
            f"Parameter value, cannot be validated against allowedPattern: {pattern}",
        )


@patches.around(SimpleSystemManagerBackend, "get_parameters_by_path")
def _get_parameters_by_path(
    moto: Original, self: SimpleSystemManagerBackend, path: str, *given: Any, **named: Any
) -> Any:
    if not path.startswith("/"):
        raise ValidationException(
            "The parameter doesn't meet the parameter name requirements. The parameter name must begin "
            f'with a forward slash "/": {path}.'
        )
    return moto(self, path, *given, **named)


@patches.around(SimpleSystemManagerBackend, "_validate_resource_type_and_id")
def _validate_resource(
    moto: Original, self: SimpleSystemManagerBackend, resource_type: str, resource_id: str
) -> str:
    try:
        return moto(self, resource_type, resource_id)
    except IndexError as error:  # moto fails at a parameter that was never there.
        raise InvalidResourceId from error
