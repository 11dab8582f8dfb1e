"""Constraints on parameters in a service's model: what AWS rejects before it looks at anything else.

botocore's models have it from the services' own: which members are required, the values of an enumeration,
the least and the greatest length or number, and the pattern of a text. Clients check the least of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from region.api.calls import Call, members_of

_MOST_OF_A_VALUE: Final = 100
"""Characters of a value that a message repeats."""


@dataclass(frozen=True, slots=True)
class _Codes:
    """The error codes of a service for a wrong value and for none.

    Attributes:
        wrong: For a value outside its constraints.
        missing: For a required parameter that is not given.
        texts: Whether lengths and patterns are checked as the model has them.
    """

    wrong: str
    missing: str
    texts: bool = True


_QUERY: Final = _Codes("ValidationError", "ValidationError")
_JSON: Final = _Codes("ValidationException", "ValidationException")
SERVICES: Final[Mapping[str, _Codes]] = {
    "acm": _JSON,
    "arc-zonal-shift": _JSON,
    "autoscaling": _QUERY,
    "budgets": _Codes("InvalidParameterException", "InvalidParameterException"),
    "cloudwatch": _QUERY,
    "ec2": _Codes("InvalidParameterValue", "MissingParameter", texts=False),
    "elbv2": _QUERY,
    "events": _JSON,
    "fis": _JSON,
    "iam": _QUERY,
    "kms": _JSON,
    "logs": _Codes("InvalidParameterException", "InvalidParameterException"),
    "rds": _Codes("InvalidParameterValue", "MissingParameter", texts=False),
    "route53": _Codes("InvalidInput", "InvalidInput"),
    "secretsmanager": _JSON,
    "ssm": _JSON,
    "sts": _QUERY,
}
"""Those that check like this. CodeDeploy and S3 have errors of their own."""
_OLD_CODES: Final[Mapping[str, str]] = {
    "InvalidParameterValueException": "InvalidParameterValue",
    "MissingRequiredParameterException": "MissingParameter",
}
"""Errors of CloudWatch's older operations, which have them in place of ValidationError."""
_OF_S3: Final[Mapping[str, str]] = {
    "ServerSideEncryption": "InvalidEncryptionAlgorithmError",
    "StorageClass": "InvalidStorageClass",
}
"""Parameters of S3 whose unknown values have an error of their own (API reference, "Error responses")."""
_OWN: Final[Mapping[str, frozenset[str]]] = {
    # Known by the region's own tables, newer than any model.
    "ec2": frozenset({"InstanceType", "VolumeType"}),
    "rds": frozenset(),
}
"""Shapes whose values the region's own checks know better."""
_ALSO: Final[Mapping[tuple[str, str], tuple[int, int]]] = {
    # API references, which the models leave out.
    ("autoscaling", "MaxRecords"): (1, 100),
    **dict.fromkeys(
        (
            ("autoscaling.DescribeAutoScalingInstances", "MaxRecords"),
            ("autoscaling.DescribeTrafficSources", "MaxRecords"),
            ("autoscaling.DescribeWarmPool", "MaxRecords"),
        ),
        (1, 50),
    ),
    ("rds", "MaxRecords"): (20, 100),
    **dict.fromkeys(
        (
            ("ec2.DescribeInstances", "MaxResults"),
            ("ec2.DescribeInstanceStatus", "MaxResults"),
            ("ec2.DescribeTags", "MaxResults"),
        ),
        (5, 1000),
    ),
}
"""Least and greatest value, by a service or one of its operations, and the parameter."""
_KEY: Final = "Key"
"""Of filters by key and values; services refuse those without one, which not all models say."""
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})
_INTEGER: Final[Mapping[str, int]] = {"min": -(2**31), "max": 2**31 - 1}
"""What an integer of AWS's models can hold; a `long` holds more."""
_WRITTEN_NUMBERS: Final = frozenset({"PageMaxItems"})
"""Shapes of Route 53 that are texts in its model, and numbers to the service."""
_SIZED: Final = frozenset({"string", "list", "map", "blob"})
_POSITIVE: Final = re.compile(r"0*[1-9][0-9]{0,8}")
_BEYOND_PYTHON: Final = re.compile(r"\\p\{(?!L\}|N\}|Z\}|M\})|\\uD8")
_CLASSES: Final = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{M}": ""}


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a call is refused: AWS's error code and its message."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class _Fault:
    path: str
    value: object
    constraint: str
    missing: bool = False


def violation(call: Call) -> Violation | None:
    """Return the error for the first parameter outside its constraints, None without one.

    Raises:
        ValueError: The parameters cannot be read.
    """
    if call.shape is None:
        return None
    if call.service == "codedeploy":
        return _required_by_codedeploy(call)
    if call.service == "s3":
        return _unknown_to_s3(call)
    codes = SERVICES.get(call.service)
    if codes is None:
        return None
    for fault in _faults(call, codes):
        code = codes.missing if fault.missing else codes.wrong
        if call.service == "cloudwatch":
            code = _of_old_operations(call, fault) or code
        return Violation(code, _message(call.service, fault))
    return None


def _required_by_codedeploy(call: Call) -> Violation | None:
    """Return CodeDeploy's own error for the first required parameter that is not given."""
    for name in cast("list[str]", call.shape.required_members):
        code = f"{name[:1].upper()}{name[1:]}RequiredException"
        if not call.parameters.get(name) and code in call.errors:
            return Violation(code, f"The parameter {name} must be given and must not be empty.")
    return None


def _unknown_to_s3(call: Call) -> Violation | None:
    """Return S3's error for the first header or part of the query that has none of its values."""
    members = members_of(call.shape)
    for name, value in call.parameters.items():
        shape = members.get(name)
        known = cast("list[str]", shape.metadata.get("enum", [])) if shape is not None else []
        if known and isinstance(value, str) and value not in known:
            code = _OF_S3.get(name, "InvalidArgument")
            shown = value[:_MOST_OF_A_VALUE]
            return Violation(code, f"{name} '{shown}' is not one of {', '.join(known)}.")
    return None


def _of_old_operations(call: Call, fault: _Fault) -> str:
    wanted = "MissingRequired" if fault.missing else "InvalidParameterValue"
    return next(
        (code for name, code in _OLD_CODES.items() if name in call.errors and wanted in name), ""
    )


def _message(service: str, fault: _Fault) -> str:
    value = str(fault.value)[:_MOST_OF_A_VALUE]
    if service in {"ec2", "rds"} and fault.missing:
        return f"The request must contain the parameter {fault.path}"
    if service in {"ec2", "rds"}:
        return f"Value ({value}) for parameter {fault.path} is invalid. {fault.constraint}"
    shown = "null" if fault.missing else f"'{value}'"
    path = ".".join(part[:1].lower() + part[1:] for part in fault.path.split("."))
    return (
        f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: "
        f"{fault.constraint}"
    )


def _faults(call: Call, codes: _Codes) -> Iterator[_Fault]:
    for name, bounds in _also(call):
        value = call.parameters.get(name)
        if isinstance(value, int) and not bounds[0] <= value <= bounds[1]:
            yield _Fault(name, value, f"It must be between {bounds[0]} and {bounds[1]}.")
    own = _OWN.get(call.service, frozenset[str]())
    yield from _in_structure(call.parameters, call.shape, "", codes, own)


def _also(call: Call) -> Iterator[tuple[str, tuple[int, int]]]:
    owners = {call.service, f"{call.service}.{call.operation}"}
    return ((name, bounds) for (owner, name), bounds in _ALSO.items() if owner in owners)


def _in_structure(
    given: Mapping[str, object], shape: Any, path: str, codes: _Codes, own: frozenset[str]
) -> Iterator[_Fault]:
    members = members_of(shape)
    for name in cast("list[str]", shape.required_members):
        if given.get(name) is None:
            yield _Fault(f"{path}{name}", None, "Member must not be null", missing=True)
        elif not codes.texts and given[name] == "":
            yield _Fault(f"{path}{name}", "", "It must not be blank.")
    if _KEY in members and str(shape.name).endswith("Filter") and given.get(_KEY) is None:
        yield _Fault(f"{path}{_KEY}", None, "A filter must have a key", missing=True)
    for name, value in given.items():
        if value is not None and name in members:
            yield from _in_value(value, members[name], f"{path}{name}", codes, own)


def _in_value(
    value: object, shape: Any, path: str, codes: _Codes, own: frozenset[str]
) -> Iterator[_Fault]:
    if shape.name in own:
        return
    constraint = _broken(value, shape, codes)
    if constraint:
        yield _Fault(path, value, constraint)
    kind = str(shape.type_name)
    if kind == "structure" and isinstance(value, Mapping):
        inside = cast("Mapping[str, object]", value)
        yield from _in_structure(inside, shape, f"{path}.", codes, own)
    elif kind == "list" and isinstance(value, list):
        for number, one in enumerate(cast("list[object]", value), start=1):
            yield from _in_value(one, shape.member, f"{path}.{number}.member", codes, own)
    elif kind == "map" and isinstance(value, Mapping):
        for key, one in cast("Mapping[str, object]", value).items():
            yield from _in_value(key, shape.key, f"{path}.key", codes, own)
            yield from _in_value(one, shape.value, f"{path}.{key}.member", codes, own)


def _broken(value: object, shape: Any, codes: _Codes) -> str:
    """Return the constraint that a value breaks, empty if it keeps them all."""
    kind, limits = str(shape.type_name), cast("Mapping[str, Any]", shape.metadata)
    values = cast("list[str]", limits.get("enum", []))
    if values and value not in values:
        return f"Member must satisfy enum value set: [{', '.join(values)}]"
    if kind in _NUMBERS and isinstance(value, int | float):
        bounds = {**_INTEGER, **limits} if kind == "integer" else limits
        return _out_of("value", value, bounds)
    return _broken_by_a_text(value, shape) if codes.texts else ""


def _broken_by_a_text(value: object, shape: Any) -> str:
    kind, limits = str(shape.type_name), cast("Mapping[str, Any]", shape.metadata)
    if shape.name in _WRITTEN_NUMBERS and not _POSITIVE.fullmatch(str(value)):
        return "Member must be a number greater than or equal to 1"
    if kind in _SIZED and isinstance(value, str | list | dict | bytes):
        found = _out_of("length", len(cast("str", value)), limits)
        if found:
            return found
    pattern = str(limits.get("pattern", ""))
    if pattern and isinstance(value, str) and (known := _compiled(pattern)):
        # The services mean the whole text.
        return (
            ""
            if known.fullmatch(value)
            else f"Member must satisfy regular expression pattern: {pattern}"
        )
    return ""


def _out_of(what: str, size: float, limits: Mapping[str, Any]) -> str:
    if "min" in limits and size < limits["min"]:
        return f"Member must have {what} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        return f"Member must have {what} less than or equal to {limits['max']}"
    return ""


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of Java's as one of Python's; None if Python has nothing like it."""
    if _BEYOND_PYTHON.search(pattern):
        return None
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None
