"""Denials by the caller's address: whom they keep out beside those who call from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guardrails.architecture.permits import is_vast
from guardrails.architecture.policy_documents import Statement, statements
from guardrails.resources import Resource
from guardrails.values import UNKNOWN

_OWN_NETWORK = ("ec2", "ecs-tasks", "pods")
"""Services whose calls come from the account's network, and leave it by an address of its own."""
_FOR_PEOPLE = ("aws:viaawsservice", "aws:principalisawsservice")
"""False for a service that has assumed a role (IAM user guide, "Global condition context keys")."""


def calling_service(role: Resource) -> str | None:
    """Return a service that assumes a role and calls from addresses of AWS, `None` if there is none."""
    for one in statements(role.get("assumeRolePolicy")) or ():
        for name in (one.principals or {}).get("Service", ()) if one.allows else ():
            if isinstance(name, str) and name.partition(".")[0] not in _OWN_NETWORK:
                return name
    return None


def spared(statement: Statement) -> tuple[str, ...]:
    """Return the only addresses that a Deny lets through; none if it is not a Deny by addresses.

    A test that only a service with a role fulfils does not spare that service.
    """
    if statement.allows or not isinstance(statement.condition, Mapping):
        return ()
    ranges: list[Any] = []
    for operator, key, values in _tests(statement.condition):
        if operator.startswith("NotIpAddress") and key == "aws:sourceip":
            ranges += values
        elif not (operator.startswith("Bool") and key in _FOR_PEOPLE and _is_false(values)):
            return ()  # it may be about others
    if not ranges or UNKNOWN in ranges or any(is_vast(one) for one in ranges):
        return ()
    return tuple(map(str, ranges))


def _tests(condition: Mapping[Any, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    for operator, tested in condition.items():
        for key, values in tested.items() if isinstance(tested, Mapping) else ():
            yield str(operator), str(key).lower(), values if isinstance(values, list) else [values]


def _is_false(values: list[Any]) -> bool:
    return [str(one).lower() for one in values] == ["false"]
