"""Plain property values with an explicit "not known yet".

A preview leaves values open that only the cloud can fill in. Here such a value is the sentinel
`UNKNOWN`, never an exception and never a missing key, so that every rule has to say what it means.
Numbers arrive as floats, because the wire format (protobuf's Struct) has no integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final


class Unknown(Enum):
    """The type of `UNKNOWN`; an enum, so that it is one object and type checkers can narrow it."""

    MEMBER = "unknown"

    def __repr__(self) -> str:
        """Reads well inside a message."""
        return "unknown"


UNKNOWN: Final = Unknown.MEMBER


def dig(value: Any, *path: str | int) -> Any:
    """The value at ``path``, `None` where a part is absent, `UNKNOWN` where a part is unknown."""
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
    """Whether nothing was given: providers write that as null, an empty string or an empty list."""
    return value is None or value in ("", [], {})


def items(value: Any) -> list[Any]:
    """The elements of a list property; none where it is absent or unknown as a whole."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    return []


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar inside a value, `UNKNOWN` included."""
    if isinstance(value, Mapping):
        for element in value.values():
            yield from leaves(element)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for element in value:
            yield from leaves(element)
    elif value is not None:
        yield value


def is_true(value: Any) -> bool:
    """Whether a boolean is certainly true. Launch templates write booleans as strings."""
    return value is True or value == "true"


def number(value: Any) -> float | None:
    """A known number, or `None`. Strings of digits count, booleans do not."""
    if isinstance(value, bool) or value is UNKNOWN:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def show(value: Any) -> str:
    """A value as it belongs into a message: what was given, or that nothing was."""
    if value is UNKNOWN:
        return "not known in this preview"
    if is_absent(value):
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return f'"{value}"' if isinstance(value, str) else str(value)
