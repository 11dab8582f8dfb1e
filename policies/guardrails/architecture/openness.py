"""Whether the condition of an Allow for everybody keeps anybody out.

Only what certainly keeps nobody out counts as open: a key that the pack does not know may limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from guardrails.architecture.permits import is_vast
from guardrails.values import UNKNOWN

_SAYS_NOT_WHO: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principaltype",
        "aws:referer",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:tokenissuetime",
        "aws:useragent",
    }
)
"""Keys about a request, not about who makes it; Referer and UserAgent are what a client says."""

_ABSENT_FOR_STRANGERS: Final = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:sourceorg",
    "aws:sourcevpc",
    "aws:principalorg",
    "aws:principaltag/",
)
"""Beginnings of keys that a request of a stranger does not have (IAM user guide, "IfExists")."""

_ANY_ACCOUNT = re.compile(r"arn:[^:]*:(?P<service>[^:]*):[^:]*:\*:(?P<name>.*)|arn:\*|\*")


def admits_everybody(condition: Any) -> bool:
    """Return whether an Allow whose principal is * is for everybody, in spite of its condition."""
    if condition is UNKNOWN:
        return False
    if not isinstance(condition, Mapping) or not condition:
        return condition is None or condition == {}
    return all(_is_open(*test) for test in _tests(condition))


def _tests(condition: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, tested in condition.items():
        if not isinstance(tested, Mapping):
            yield str(operator), "", [UNKNOWN]
            continue
        for key, given in tested.items():
            values = list(given) if isinstance(given, list | tuple) else [given]
            yield str(operator), str(key).lower(), values


def _is_open(operator: str, key: str, values: list[Any]) -> bool:
    """Return whether strangers fulfil one test, too."""
    if UNKNOWN in values:
        return False
    if key in _SAYS_NOT_WHO:
        return True
    quantifier, _, plain = operator.rpartition(":")
    vacuous = quantifier == "ForAllValues" or plain.endswith("IfExists")
    if vacuous and key.startswith(_ABSENT_FOR_STRANGERS):
        return True
    test = plain.removesuffix("IfExists")
    if "Not" in test or test == "Null":
        return True  # everybody but some, or whoever has the key at all
    return any(_takes_anything(test, value) for value in values)


def _takes_anything(test: str, value: Any) -> bool:
    if test == "IpAddress":
        return is_vast(value)
    if test not in ("StringLike", "ArnLike", "ArnEquals"):
        return False
    found = _ANY_ACCOUNT.fullmatch(str(value))
    if found is None:
        return False
    name = found["name"]
    # Anybody has a role of that name in an account of their own; a bucket's name is one of a kind.
    return name is None or found["service"] == "iam" or set(re.split(r"[/:]", name)[-1]) <= {"*"}
