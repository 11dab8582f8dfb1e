"""What AWS refuses about parameters and backup plans: part of `messages-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.refusals import JointRefusal, alone
from guardrails.resources import Resource
from guardrails.values import dig, items, number, show

_API = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"
_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")
_RESERVED = re.compile(r"/?(?:aws|ssm)", re.IGNORECASE)
_DEEPEST = 15
_LONGEST = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
"""Bytes of a value by tier; without a tier it is Standard."""


def _name(parameter: Resource) -> Iterator[str]:
    name = parameter.get("name")
    if not isinstance(name, str) or not name or parameter.left_out("name"):
        return
    levels = name.strip("/").count("/") + 1
    if not _NAME.fullmatch(name) or _RESERVED.match(name):
        yield f"name is {show(name)}"
    elif "/" in name and not name.startswith("/"):
        yield f"name is {show(name)}, a path that does not begin with a slash"
    elif levels > _DEEPEST:
        yield f"name {show(name)} has {levels} levels"


def _value(parameter: Resource) -> str | None:
    value, tier = parameter.get("value"), parameter.setting("tier") or "Standard"
    longest = _LONGEST.get(str(tier))
    size = len(value.encode()) if isinstance(value, str) else 0
    if longest is not None and size > longest:
        return f"value has {size} bytes, and the tier {tier} holds {longest}"
    return None


def _not_allowed(parameter: Resource) -> str | None:
    pattern, value = parameter.get("allowedPattern"), parameter.get("value")
    if not isinstance(pattern, str) or not pattern or not isinstance(value, str):
        return None
    try:
        fits = re.search(pattern, value)
    except re.error:
        return None  # an expression of another dialect
    return None if fits else f"value does not have the form {show(pattern)}"


_COLD_FOR = 90
"""Days that a copy stays in cold storage at least."""


def _cold(plan: Resource) -> Iterator[str]:
    for rule in items(plan.get("rules")):
        given = dig(rule, "lifecycle")
        cold, end = number(dig(given, "coldStorageAfter")), number(dig(given, "deleteAfter"))
        if cold and end and end < cold + _COLD_FOR:
            name = show(dig(rule, "ruleName"))
            yield f"rule {name} moves copies to cold storage after {cold:g} days, and deletes after {end:g}"


TABLE = (
    JointRefusal(
        types=tokens.BACKUP_PLAN,
        says=(
            "InvalidParameterValueException: DeleteAfterDays cannot be less than 90 days apart from "
            "MoveToColdStorageAfterDays."
        ),
        source="https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html",
        remedy="set delete_after to 90 days more than cold_storage_after, or remove cold_storage_after.",
        find=alone(_cold),
    ),
    JointRefusal(
        types=tokens.SSM_PARAMETER,
        says=(
            'ValidationException: Parameter name: can\'t be prefixed with "aws" or "ssm" '
            "(case-insensitive); letters, digits and . - _ only, in up to 15 levels that begin with /."
        ),
        source=_API,
        remedy='set name to a path of your own, for example "/shop/database/host".',
        find=alone(_name),
    ),
    JointRefusal(
        types=tokens.SSM_PARAMETER,
        says="ValidationException: a Standard parameter holds 4096 bytes, an Advanced one 8192.",
        source=_API,
        remedy='set tier to "Advanced", or shorten the value.',
        find=alone(_value),
    ),
    JointRefusal(
        types=tokens.SSM_PARAMETER,
        says="ParameterPatternMismatchException: The parameter value does not match AllowedPattern.",
        source=_API,
        remedy="correct the value, or allowed_pattern.",
        find=alone(_not_allowed),
    ),
)
"""Appended to the table of `messages-accepted`."""
