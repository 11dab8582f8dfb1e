"""What lookups have in common: their filters, and a result that must be one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from region.provider.values import Properties

_Found = TypeVar("_Found", bound=Mapping[str, Any])


class NoResultError(Exception):
    """A lookup without the one result that it asks for.

    Attributes:
        argument: The argument of the function that it is about.
    """

    def __init__(self, argument: str, reason: str) -> None:
        """Say about which argument it is, and why."""
        super().__init__(reason)
        self.argument = argument


def filters(arguments: Properties, **named: str) -> list[dict[str, Any]]:
    """Return the filters of a call: `filters`, `tags`, and arguments that `named` names a filter for."""
    found = [
        {"Name": item["name"], "Values": item["values"]} for item in arguments.get("filters") or ()
    ]
    for key, value in (arguments.get("tags") or {}).items():
        found.append({"Name": f"tag:{key}", "Values": [value]})
    for argument, name in named.items():
        value = arguments.get(argument)
        if value is not None:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            found.append({"Name": name, "Values": [text]})
    return found


def only_result(found: Sequence[_Found], what: str, argument: str = "filters") -> _Found:
    """Return the only result.

    Raises:
        NoResultError: there is none, or more than one.
    """
    if not found:
        raise NoResultError(argument, f"no {what} matches; create one, or ask for another")
    if len(found) > 1:
        raise NoResultError(
            argument, f"{len(found)} {what}s match; use additional arguments, so that one does"
        )
    return found[0]
