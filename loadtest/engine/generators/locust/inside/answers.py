"""What a response, or its absence, means: error codes, captured values, statuses."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, cast

MISSING = object()
"""The value that an answer does not have."""
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_BY_CLASS: Sequence[tuple[type[BaseException], str]] = (
    (TimeoutError, "ETIMEDOUT"),
    (ConnectionRefusedError, "ECONNREFUSED"),
    (ConnectionResetError, "ECONNRESET"),
    (ConnectionAbortedError, "ECONNRESET"),
    (BrokenPipeError, "EPIPE"),
    (socket.gaierror, "ENOTFOUND"),
    (ssl.SSLError, "EPROTO"),
)
_BY_NAME = {
    # Of gevent and geventhttpclient, which are not imported here: each has classes of its own.
    "Timeout": "ETIMEDOUT",
    "HTTPConnectionClosed": "ECONNRESET",
    "EmptyResponse": "ECONNRESET",
    "HTTPParseError": "EPROTO",
    "HTTPProtocolViolationError": "EPROTO",
}


def code_of(error: BaseException) -> str:
    """Return the code that Artillery, and so every result, has for an error."""
    original = getattr(error, "original", None)
    if isinstance(original, BaseException):
        return code_of(original)
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return code
    return _BY_NAME.get(type(error).__name__, type(error).__name__)


def is_expected(status: int, expected: Sequence[int]) -> bool:
    """Return whether a status is right: one of `expected`, without any a success."""
    return status in expected if expected else 200 <= status < 400


class Json:
    """Finds a value in a body by the keys and indices that lead to it."""

    def __init__(self, *path: str | int) -> None:
        """Follow `path` from the outermost value."""
        self._path = path

    def find(self, body: str, headers: Mapping[str, str]) -> Any:  # noqa: ARG002 - one interface
        """Return the value; MISSING if there is none."""
        try:
            value = json.loads(body)
            for step in self._path:
                value = _inside(value, str(step))
        except (ValueError, RecursionError):
            return MISSING
        return value


def _inside(value: Any, name: str) -> Any:
    """Return what JavaScript has under this name of its own: of lists and texts also their length."""
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get(name, MISSING)
    if not isinstance(value, (list, str)) or value == "":
        return MISSING
    found = _units(value) if isinstance(value, str) else cast("list[Any]", value)
    if name == "length":
        return len(found)
    at = int(name) if name.isascii() and name.isdigit() else -1
    return found[at] if str(at) == name and 0 <= at < len(found) else MISSING


def _units(text: str) -> list[str]:
    """Return a text's units of UTF-16, which JavaScript counts."""
    coded = text.encode("utf-16-le", "surrogatepass")
    return [coded[at : at + 2].decode("utf-16-le", "replace") for at in range(0, len(coded), 2)]


def same(found: Any, wanted: Any) -> bool:
    """Return whether two values are equal as JavaScript's `===` has it: lists and objects never are."""
    if isinstance(found, (dict, list)) or isinstance(found, bool) != isinstance(wanted, bool):
        return False
    return bool(found == wanted)


class Regexp:
    """Finds a text in a body."""

    def __init__(self, pattern: str, group: int = 0, flags: str = "") -> None:
        """Look for the pattern, with JavaScript's flags."""
        self._group = group
        self._pattern = re.compile(pattern, sum(_FLAGS[flag] for flag in flags))

    def find(self, body: str, headers: Mapping[str, str]) -> Any:  # noqa: ARG002
        """Return the group's text, or all that matched if the group has none; MISSING without match."""
        found = self._pattern.search(body)
        return (found[self._group] or found[0]) if found else MISSING


class Header:
    """Finds a header."""

    def __init__(self, name: str) -> None:
        """Look for the header of this name."""
        self._name = name

    def find(self, body: str, headers: Mapping[str, str]) -> Any:  # noqa: ARG002
        """Return its value; MISSING without it."""
        return headers.get(self._name) or MISSING
