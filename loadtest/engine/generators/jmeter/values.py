"""Texts as JMeter fills them in, and the columns of values that they need.

JMeter puts a variable's characters into a text as they are. Where they need an encoding (a URL, a text
within JSON), it is done before the run: the file of visitors has a column for each variable and encoding
that the test plan uses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast
from urllib.parse import quote, quote_plus

from loadtest.engine.generators.portable.steps import Json
from loadtest.engine.generators.portable.texts import (
    Part,
    RandomNumber,
    RandomString,
    Text,
    UnportableError,
    Variable,
    written,
)
from loadtest.engine.generators.portable.visitors import Value

SAFE_IN_URL = "/?&=#%:;,+$!*'()@~"
"""What a URL keeps; everything else is percent-encoded."""
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that encodes nothing: a URL cannot have one."""
_NO_TEXT = "haproof-no-text"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _url(text: str) -> str:
    return quote(_STRAY.sub("%25", text), safe=SAFE_IN_URL)


def _in_path(written_json: str) -> str:
    # JMeter takes a semicolon for the end of a path.
    return written_json.replace(";", "\\u003b")


class Encoding(StrEnum):
    """Where a value goes."""

    PLAIN = "plain"
    HEADER_OF_BODY = "header_of_body"
    """A header of a request with a body: Node writes both together, in UTF-8, and others in Latin-1."""
    URL = "url"
    PATH = "path"
    """The same, before its query."""
    QUERY = "query"
    """A name or value of a query or form."""
    JSON_TEXT = "json_text"
    """Inside of the quotes of a JSON text."""
    JSON = "json"
    """A JSON value of its own, quotes included if it is a text."""
    LITERAL_TEXT = "literal_text"
    """Inside of the quotes of a text in a JSONPath."""
    LITERAL = "literal"
    """A value of its own in a JSONPath."""
    ONLY_TEXT = "only_text"
    """A text, and for any other value one that no answer has."""


_ENCODE: Mapping[Encoding, Callable[[Value], str]] = {
    Encoding.PLAIN: written,
    Encoding.HEADER_OF_BODY: lambda value: written(value).encode().decode("latin-1"),
    Encoding.URL: lambda value: _url(written(value)),
    Encoding.PATH: lambda value: _url(written(value).replace("\\", "/")),
    Encoding.QUERY: lambda value: quote_plus(written(value)),
    Encoding.JSON_TEXT: lambda value: json.dumps(written(value), ensure_ascii=False)[1:-1],
    Encoding.JSON: lambda value: json.dumps(value, ensure_ascii=False),
    Encoding.LITERAL_TEXT: lambda value: _in_path(json.dumps(written(value))[1:-1]),
    Encoding.LITERAL: lambda value: _in_path(json.dumps(value)),
    Encoding.ONLY_TEXT: lambda value: value if isinstance(value, str) else _NO_TEXT,
}


@dataclass(frozen=True)
class Column:
    """A column of the file of visitors: a variable in an encoding."""

    variable: str
    encoding: Encoding

    @property
    def name(self) -> str:
        """What JMeter calls it."""
        # Two names may differ in characters that JMeter does not take: these are spelled out.
        plain = re.sub(r"\W", lambda found: f"_{ord(found[0]):x}_", self.variable)
        return f"{plain}__{self.encoding}"

    def value(self, values: Mapping[str, Value]) -> str:
        """Return what a visitor with these variables has in it."""
        return _ENCODE[self.encoding](values[self.variable])


@dataclass
class Values:
    """Writes texts for JMeter, and remembers the columns that they need."""

    known: frozenset[str]
    """The variables that visitors arrive with."""
    captured: frozenset[str]
    """The variables that answers set."""
    columns: dict[Column, None] = field(default_factory=dict[Column, None])
    """In the order of their first use."""

    def text(self, text: Text, encoding: Encoding = Encoding.PLAIN) -> str:
        """Return a text as JMeter reads it.

        Raises:
            UnportableError: It cannot be written for JMeter.
        """
        return _joined([self._part(part, encoding) for part in text.parts])

    def url(self, text: Text) -> str:
        """Return a path as JMeter reads it: what the script wrote into it is encoded as well."""
        # What a visitor fills in stands between what the script has before and after it.
        as_written = "".join(one if isinstance(one, str) else "*" for one in text.parts)
        if "//" in as_written.partition("?")[0]:
            raise UnportableError("JMeter makes one slash of two in a path: write one")
        parts, in_query = list[tuple[str, bool]](), False
        for part in text.parts:
            # Node takes backslashes in a path for slashes.
            encoding = Encoding.URL if in_query else Encoding.PATH
            if isinstance(part, str) and not in_query and "?" in part:
                path, _, query = part.partition("?")
                parts += [
                    (_ENCODE[Encoding.PATH](path), False),
                    (_ENCODE[Encoding.URL](f"?{query}"), False),
                ]
                in_query = True
            else:
                parts.append(self._part(part, encoding))
        return _joined(parts)

    def json(self, value: Json) -> str:
        """Return a body as JMeter reads it."""
        return _joined(self._json(value))

    def literal(self, value: Text | float | bool) -> str:
        """Return a value as a JSONPath for JMeter compares with it: a text in quotes, or none.

        Raises:
            UnportableError: It cannot be written for JMeter.
        """
        if not isinstance(value, Text):
            return json.dumps(value)
        if alone := value.whole_variable:
            return _joined([self._part(alone, Encoding.LITERAL)])
        inner = [self._part(part, Encoding.LITERAL_TEXT) for part in value.parts]
        return _joined([('"', False), *inner, ('"', False)])

    def _json(self, value: Any) -> list[tuple[str, bool]]:
        match value:
            case Text():
                return self._json_text(value)
            case Mapping():
                pairs = cast("Mapping[str, Json]", value).items()
                return self._series("{}", [[(f"{json.dumps(k)}:", False), *self._json(v)]
                                           for k, v in pairs])  # fmt: skip
            case list() | tuple():
                return self._series("[]", [self._json(one) for one in cast("list[Any]", value)])
            case _:
                return [(json.dumps(value), False)]

    @staticmethod
    def _series(brackets: str, items: list[list[tuple[str, bool]]]) -> list[tuple[str, bool]]:
        made = [(brackets[0], False)]
        for number, item in enumerate(items):
            made += [(",", False), *item] if number else item
        return [*made, (brackets[1], False)]

    def _json_text(self, text: Text) -> list[tuple[str, bool]]:
        if alone := text.whole_variable:
            return [self._part(alone, Encoding.JSON)]
        inner = [self._part(part, Encoding.JSON_TEXT) for part in text.parts]
        return [('"', False), *inner, ('"', False)]

    def _part(self, part: Part, encoding: Encoding) -> tuple[str, bool]:
        """Return a part as JMeter reads it, and whether JMeter fills it in."""
        match part:
            case str():
                return _ENCODE[encoding](part), False
            case Variable(name=name):
                return f"${{{self._variable(name, encoding)}}}", True
            case RandomNumber(low=low, high=high):
                return f"${{__Random({low},{high},)}}", True
            case RandomString(length=length):
                return f"${{__RandomString({length},{_LETTERS},)}}", True

    def _variable(self, name: str, encoding: Encoding) -> str:
        if name in self.captured:
            return self._of_answer(name, encoding)
        if name not in self.known:
            raise UnportableError(f"`{name}` is not set before the run nor captured")
        column = Column(name, encoding)
        self.columns[column] = None
        return column.name

    @staticmethod
    def _of_answer(name: str, encoding: Encoding) -> str:
        variable = captured_name(name)
        match encoding:
            case Encoding.PLAIN | Encoding.HEADER_OF_BODY | Encoding.URL | Encoding.PATH:
                return variable
            case Encoding.QUERY:
                return f"__urlencode(${{{variable}}})"
            case Encoding.JSON | Encoding.JSON_TEXT:
                raise UnportableError(
                    f"`{name}` is captured, and JMeter cannot quote what it captures: send it in the "
                    "URL, a header or a `form`"
                )
            case Encoding.LITERAL | Encoding.LITERAL_TEXT | Encoding.ONLY_TEXT:
                raise UnportableError(
                    f"`{name}` is captured, and JMeter cannot tell whether it is a text: match a value "
                    "that is known before the run"
                )


def captured_name(name: str) -> str:
    """Return what JMeter calls a variable that an answer sets."""
    return f"{Column(name, Encoding.PLAIN).name}__captured"


def _joined(parts: list[tuple[str, bool]]) -> str:
    fixed = "".join(text for text, filled_in in parts if not filled_in)
    if "${" in fixed:
        raise UnportableError("JMeter takes `${` for its own variable: leave it out")
    if not any(filled_in for _, filled_in in parts):
        return fixed
    # Only in a text that has something to fill in does JMeter read backslashes as its own.
    return "".join(text if filled_in else text.replace("\\", "\\\\") for text, filled_in in parts)
