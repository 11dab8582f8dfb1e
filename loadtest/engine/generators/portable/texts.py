"""Texts of a script with `{{ … }}`, split into fixed parts and parts that each visitor fills in."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.engine.generators.portable import javascript_numbers

DEFAULT_LENGTH = 10
"""Characters of `$randomString()` without an argument."""
_EXACT = 2**53
"""Up to here a double has every whole number."""
_PART = re.compile(r"\{\{\{?\s*(.*?)\s*\}\}\}?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$-]*")
_CALL = re.compile(r"(\$[A-Za-z0-9_]+)\s*\(([\d\s,]*)\)")
_UNPORTABLE = {
    "$env": "it is Artillery's own; write the value into the script",
    "$processEnvironment": "it is Artillery's own; write the value into the script",
    "$testId": "it is Artillery's own; leave it out",
    "target": "the stack's URL is known in a `url` only, at its beginning; write the path alone",
}


@dataclass(frozen=True)
class Variable:
    """The value that a visitor has under this name at that moment."""

    name: str


@dataclass(frozen=True)
class RandomNumber:
    """A whole number, each time another one; both ends are included."""

    low: int
    high: int


@dataclass(frozen=True)
class RandomString:
    """Letters and digits, each time others."""

    length: int


Part = str | Variable | RandomNumber | RandomString


@dataclass(frozen=True)
class Text:
    """A text in its parts; those that are not filled in are plain strings."""

    parts: tuple[Part, ...]

    @property
    def fixed(self) -> str | None:
        """The whole text if nothing in it is filled in; else None."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None

    @property
    def whole_variable(self) -> Variable | None:
        """The variable that is all of the text, whose type Artillery keeps; None if there is more."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Variable):
            return self.parts[0]
        return None

    @property
    def variables(self) -> Iterator[Variable]:
        """The variables in it."""
        return (part for part in self.parts if isinstance(part, Variable))


class UnportableError(Exception):
    """Something that only Artillery can fill in; the message says what, and what to write instead."""


def parse(text: str) -> Text:
    """Take a text apart.

    Raises:
        UnportableError: Only Artillery can fill in one of its parts.
    """
    parts, end = list[Part](), 0
    for found in _PART.finditer(text):
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(_filled_in(found[1]))
        end = found.end()
    if end < len(text) or not parts:
        parts.append(text[end:])
    return Text(tuple(parts))


def _filled_in(inside: str) -> Part:
    if call := _CALL.fullmatch(inside):
        return _call(call[1], [int(one) for one in call[2].split(",") if one.strip()])
    if not _NAME.fullmatch(inside):
        raise UnportableError(
            f"`{{{{ {inside} }}}}` looks into a value: capture what is needed as a variable of its own"
        )
    if inside in _UNPORTABLE:
        raise UnportableError(f"`{inside}`: {_UNPORTABLE[inside]}")
    return Variable(inside)


def _call(name: str, arguments: list[int]) -> Part:
    match name, arguments:
        case "$randomNumber", [low, high] if low <= high:
            return RandomNumber(low, high)
        case "$randomNumber", [high]:
            return RandomNumber(0, high)
        case "$randomString", []:
            return RandomString(DEFAULT_LENGTH)
        case "$randomString", [length]:
            return RandomString(length)
        case "$randomNumber" | "$randomString", _:
            raise UnportableError(f"`{name}` with the arguments {arguments}: write two in order")
        case _:
            raise UnportableError(
                f"`{name}` is a function of Artillery's; put such values into a payload file"
            )


def written(value: object) -> str:
    """Return a value as Artillery writes it into a text."""
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case int() | float():
            return javascript_numbers.shown(number(value))
        case _:
            return str(value)


def number(value: float) -> int | float:
    """Return a number as JavaScript has it: doubles, which are whole or not.

    Raises:
        UnportableError: JSON has no such number.
    """
    if not math.isfinite(value):
        raise UnportableError(f"`{value}` is not a JSON number: quote it")
    if isinstance(value, int) and abs(value) <= _EXACT:
        return value
    double = float(value)
    return int(double) if double.is_integer() and abs(double) <= _EXACT else double
