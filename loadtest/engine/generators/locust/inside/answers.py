"""What an answer, or its absence, means: error codes, captured values, statuses."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

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
                value = value[step]
        except (ValueError, KeyError, IndexError, TypeError):
            return MISSING
        return value


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
