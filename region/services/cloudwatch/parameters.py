"""Parts of requests that several of CloudWatch's calls have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from moto.cloudwatch.exceptions import CloudWatchException, InvalidParameterValue, ValidationError

from region.api.parameters import Parameters

_Item = TypeVar("_Item")
MOST_RECORDS = 100

MOST_DIMENSIONS = 30


def dimensions_of(items: list[dict[str, Any]], parameter: str = "Dimensions") -> dict[str, str]:
    """Return dimensions by their name.

    Raises:
        InvalidParameterValue: There are too many, or one is given twice.
    """
    if len(items) > MOST_DIMENSIONS:
        raise InvalidParameterValue(
            f"The collection {parameter} must not have a size greater than {MOST_DIMENSIONS}."
        )
    found: dict[str, str] = {}
    for item in items:
        name, value = str(item.get("Name") or ""), str(item.get("Value") or "")
        if not name or not value:
            raise InvalidParameterValue(
                f"The parameter {parameter} has a dimension without a name or without a value."
            )
        if name in found:
            raise InvalidParameterValue(
                f"The parameter {parameter} has the dimension {name} twice."
            )
        found[name] = value
    return found


def epoch(value: object) -> float:
    """Return a time in epoch seconds, from what moto reads out of a request."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.timestamp()
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value:
        return epoch(datetime.fromisoformat(value))
    raise InvalidParameterValue("The parameters StartTime and EndTime are required.")


class InvalidNextTokenError(CloudWatchException):
    """A token of another call, or of none."""

    code = "InvalidNextToken"


def page_of(
    parameters: Parameters, items: list[_Item], limit: str, default: int
) -> tuple[list[_Item], dict[str, str | None]]:
    """Return the items of a page and the token of the next; None on the last one.

    Raises:
        ValidationError: The call's `limit` is out of range.
        InvalidNextTokenError: The token is none.
    """
    count = parameters.integer(limit)
    if count is not None and not 1 <= count <= MOST_RECORDS:
        raise ValidationError(f"{limit} must be from 1 to {MOST_RECORDS}, not {count}.")
    token = parameters.text("NextToken")
    if token and not token.isdecimal():
        raise InvalidNextTokenError("The next token is invalid.")
    first = int(token or 0)
    last = first + (count or default)
    return items[first:last], {"NextToken": str(last) if last < len(items) else None}
