"""What the policy of a queue, a topic or a log group lets a service do with it.

Conditions are judged by what is known of a delivery, such as `aws:SourceArn`. One whose operator is unknown
counts as met where it allows, and as not met where it denies, as in `permissions`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from region.services import policy_documents

_Test = Callable[[str, str], bool]
_IF_EXISTS: Final = "IfExists"


def _like(value: str, pattern: str) -> bool:
    # Brackets are not wildcards of IAM.
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def _arn_like(value: str, pattern: str) -> bool:
    parts, wanted = value.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) and all(map(_like, parts, wanted))


_TESTS: Final[Mapping[str, _Test]] = {
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": _like,
}
_NEGATED: Final = {
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
}


def admits(
    document: str, *, service: str, action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Return whether a policy lets a service's principal, such as `sns.amazonaws.com`, do something.

    Args:
        document: The policy as JSON; empty if there is none, which lets no service do anything.
        service: The principal.
        action: Such as `sqs:SendMessage`.
        resource: The ARN of what the action is done with.
        context: What conditions ask about, by their keys.
    """
    known = tuple(sorted((key.lower(), value) for key, value in context.items()))
    return _admits(document, service, action, resource, known)


@lru_cache(maxsize=256)
def _admits(
    document: str, service: str, action: str, resource: str, context: tuple[tuple[str, str], ...]
) -> bool:
    found = [
        one
        for one in policy_documents.statements(document or "{}")
        if _concerns(one, service, action, resource)
    ]
    known = dict(context)
    denied = any(_meets(one, known, unknown=False) for one in found if one.get("Effect") == "Deny")
    return not denied and any(
        _meets(one, known, unknown=True) for one in found if one.get("Effect") == "Allow"
    )


def _concerns(statement: Mapping[str, Any], service: str, action: str, resource: str) -> bool:
    actions = [str(one).lower() for one in policy_documents.listed(statement.get("Action"))]
    resources = [str(one) for one in policy_documents.listed(statement.get("Resource"))]
    return (
        _is_principal(statement.get("Principal"), service)
        and any(_like(action.lower(), one) for one in actions)
        and any(_like(resource, one) for one in resources)
    )


def _is_principal(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    return "*" in policy_documents.listed(
        principal.get("AWS")
    ) or service in policy_documents.listed(principal.get("Service"))


def _meets(statement: Mapping[str, Any], known: Mapping[str, str], *, unknown: bool) -> bool:
    return all(
        _holds(operator, known.get(key.lower()), policy_documents.listed(wanted), unknown=unknown)
        for operator, asked in (statement.get("Condition") or {}).items()
        for key, wanted in asked.items()
    )


def _holds(operator: str, value: str | None, wanted: Iterable[Any], *, unknown: bool) -> bool:
    name = operator.removesuffix(_IF_EXISTS)
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None:
        return unknown
    if value is None:
        return negated or operator.endswith(_IF_EXISTS)
    return negated != any(test(value, str(one)) for one in wanted)
