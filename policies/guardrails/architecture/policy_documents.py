"""IAM policy documents as statements: what they match, with what a preview does not know."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails.values import UNKNOWN, is_absent

_ARN_PARTITION = re.compile(r"^arn:aws[a-z-]*:")


@dataclass(frozen=True)
class Statement:
    """One statement of a policy document.

    Attributes:
        allows: Whether its effect is Allow.
        actions: Patterns; `UNKNOWN` where the preview does not know one.
        not_actions: Patterns of NotAction.
        resources: Patterns; empty in a trust policy.
        not_resources: Patterns of NotResource.
        principals: Per kind ("Service", "AWS", "*") the principals.
        conditional: Whether it applies under a condition only.
        condition: The condition as the document has it.
        excepted: Whether it is about everybody but some, by NotPrincipal.
    """

    allows: bool
    actions: tuple[Any, ...] = ()
    not_actions: tuple[Any, ...] = ()
    resources: tuple[Any, ...] = ()
    not_resources: tuple[Any, ...] = ()
    principals: Mapping[str, tuple[Any, ...]] | None = None
    conditional: bool = False
    condition: Any = None
    excepted: bool = False

    def covers(self, action: str) -> bool | None:
        """Return whether it is about the action, `None` if that is not known."""
        if self.not_actions:
            return _opposite(matches(self.not_actions, action))
        return matches(self.actions, action)


def matches(patterns: Iterable[Any], value: str) -> bool | None:
    """Return whether a pattern matches, `None` if only an unknown one may. Case does not matter."""
    unknown = False
    for pattern in patterns:
        if pattern is UNKNOWN:
            unknown = True
        elif isinstance(pattern, str) and _expression(pattern).fullmatch(value):
            return True
    return None if unknown else False


def same_partition(arn: str) -> str:
    """Return the ARN or pattern as it is in the partition `aws`, to compare it with others."""
    return _ARN_PARTITION.sub("arn:aws:", arn)


@functools.cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = (
        {"*": ".*", "?": "."}.get(character, re.escape(character))
        for character in same_partition(pattern)
    )
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def is_json(text: str) -> bool:
    """Return whether a text is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def parsed(given: Any) -> Any:
    """Return what a JSON text says; `None` for any other text, and for what is not a text."""
    try:
        return json.loads(given) if isinstance(given, str) else None
    except ValueError:
        return None


def statements(document: Any) -> tuple[Statement, ...] | None:
    """Return the statements of a document, given as JSON or as an object; `None` if unknown.

    What is not a policy document grants nothing.
    """
    if document is UNKNOWN:
        return None
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return ()
    if not isinstance(document, Mapping):
        return ()
    given = _get(document, "Statement")
    if given is UNKNOWN:
        return None
    listed = _listed(given)
    if UNKNOWN in listed:
        return None
    return tuple(_statement(one) for one in listed if isinstance(one, Mapping))


def _statement(given: Mapping[str, Any]) -> Statement:
    return Statement(
        allows=_get(given, "Effect") == "Allow",
        actions=_listed(_get(given, "Action")),
        not_actions=_listed(_get(given, "NotAction")),
        resources=_listed(_get(given, "Resource")),
        not_resources=_listed(_get(given, "NotResource")),
        principals=_principals(_get(given, "Principal")),
        excepted=not is_absent(_get(given, "NotPrincipal")),
        conditional=_limits(_get(given, "Condition")),
        condition=_get(given, "Condition"),
    )


def _limits(condition: Any) -> bool:
    """Return whether a condition keeps anybody out, as far as it is known."""
    if not isinstance(condition, Mapping):
        return not is_absent(condition)
    tests = [
        (str(operator), str(key), value)
        for operator, tested in condition.items()
        if isinstance(tested, Mapping)
        for key, values in tested.items()
        for value in _listed(values)
    ]
    return bool(tests) and not all(_always_holds(*one) for one in tests)


def _always_holds(operator: str, key: str, value: Any) -> bool:
    """Return whether a test holds for every request: any value, or TLS, which every client speaks."""
    if operator.startswith(("StringLike", "ArnLike")):
        return value == "*"
    tls = key.lower() == "aws:securetransport" and operator.startswith("Bool")
    return tls and str(value).lower() == "true"


def _principals(given: Any) -> Mapping[str, tuple[Any, ...]] | None:
    if given is UNKNOWN:
        return {"*": (UNKNOWN,)}
    if isinstance(given, str):
        return {"*": (given,)}
    if not isinstance(given, Mapping):
        return None
    return {str(kind): _listed(named) for kind, named in given.items()}


def _get(given: Mapping[str, Any], name: str) -> Any:
    """Return an element; the typed documents of a program may write it in camel case."""
    return given.get(name, given.get(name[0].lower() + name[1:]))


def _listed(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)
