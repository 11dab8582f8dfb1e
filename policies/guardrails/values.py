"""Plain property values with an explicit "unknown".

A preview does not know values that only the cloud can fill in. Here such a value is the sentinel
`UNKNOWN`, never an exception and never a missing key, so that every rule has to decide what it means.
Numbers arrive as floats, because the wire format (protobuf's Struct) has no integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final


class Unknown(Enum):
    """The type of `UNKNOWN`: an enum, so that it is a singleton and type checkers can narrow it."""

    MEMBER = "unknown"

    def __repr__(self) -> str:
        """Return a word that reads well in a message."""
        return "unknown"


UNKNOWN: Final = Unknown.MEMBER


class SecretText(str):
    """A text that the program keeps as a Pulumi secret; otherwise a text like any other."""

    __slots__ = ()


def kept_secret(value: Any) -> Any:
    """Mark every text in a value as one that the program keeps secret."""
    if isinstance(value, str):
        return SecretText(value)
    if isinstance(value, dict):
        return {key: kept_secret(element) for key, element in value.items()}
    return [kept_secret(one) for one in value] if isinstance(value, list) else value


def dig(value: Any, *path: str | int) -> Any:
    """Return the value at `path`: `None` if a part is absent, `UNKNOWN` if a part is unknown."""
    for part in path:
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(part, int):
            known = isinstance(value, Sequence) and not isinstance(value, str)
            value = value[part] if known and part < len(value) else None
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def is_absent(value: Any) -> bool:
    """Return whether a value is absent: providers write null, an empty string or an empty list."""
    return value is None or value in ("", [], {})


def items(value: Any) -> list[Any]:
    """Return the elements of a list; none if it is absent or unknown as a whole."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return []


def listed(value: Any) -> list[Any]:
    """Return a value of a policy document that may be one or a list of them; none if it is not there."""
    return value if isinstance(value, list) else [] if value is None else [value]


def leaves(value: Any) -> Iterator[Any]:
    """Yield every scalar inside a value, `UNKNOWN` included."""
    if isinstance(value, Mapping):
        for element in value.values():
            yield from leaves(element)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for element in value:
            yield from leaves(element)
    elif value is not None:
        yield value


def is_true(value: Any) -> bool:
    """Return whether a boolean is certainly true. Launch templates write booleans as strings."""
    return value is True or value == "true"


def number(value: Any) -> float | None:
    """Return a known number, else `None`. Strings of digits count, booleans do not."""
    if isinstance(value, bool) or value is UNKNOWN:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def figure(value: float) -> str:
    """Render a number: a whole one with all its digits."""
    return f"{value:.0f}" if value == int(value) else f"{value:g}"


def show(value: Any) -> str:
    """Render a value for a message."""
    if value is UNKNOWN:
        return "not known in this preview"
    if is_absent(value):
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return figure(value)
    return f'"{value}"' if isinstance(value, str) else str(value)
