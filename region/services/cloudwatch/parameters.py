"""Parts of requests that several of CloudWatch's calls have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue

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
