"""Values that YAML resolves to something other than what is written: 007, 12:30, 2026-11-27.

Artillery sends what it makes of them, and so do we; whoever means a text has to quote it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, cast

from loadtest.yaml_positions import Location, Problem, Source


def rewritten(source: Source) -> Iterator[Problem]:
    """Yield a note for each such value in what users do, and in variables."""
    for location, text in source.rewritten.items():
        if location[0] not in ("scenarios", "before", "after") and "variables" not in location:
            continue
        value = _value_at(source.content, location)
        if isinstance(value, float) and {"json", "think"} & {*location} and "e" not in text.lower():
            continue  # As a number, it is the same with a zero less.
        made = _date(value) if isinstance(value, date) else _as_javascript(value)
        kind = "a date" if isinstance(value, date) else "a number"
        yield Problem(
            source.keys.get(location) or source.values[location],
            f"`{text}` is {kind} to Artillery, {made}: quote it if it is a text",
        )


def _date(value: date) -> str:
    """Return a date as JavaScript writes it into JSON and texts."""
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00.000Z"
    moment = value.astimezone(UTC) if value.tzinfo else value
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _value_at(content: Any, location: Location) -> Any:
    """Return a value; of a position, keys are texts whatever they are in the content."""
    for step in location:
        if isinstance(content, dict):
            given = cast("dict[Any, Any]", content)
            content = next(one for key, one in given.items() if str(key) == step)
        else:
            content = content[step]
    return content


def _as_javascript(value: float) -> str:
    """Return a number as JavaScript has it."""
    return f"{int(float(value))}" if float(value).is_integer() else repr(float(value))
