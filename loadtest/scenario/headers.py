"""What a script may write into headers: what Node, on which Artillery runs, sends (`lib/_http_common.js`).

It ends a user whose request has anything else. Other generators send something else instead.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator

_NAME: Final = re.compile(r"[\^_`a-zA-Z0-9!#$%&'*+.|~-]+")
_NOT_SENT: Final = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def unsendable(text: str) -> str | None:
    """Return what no header can have of a text, whose templates do not count: `the character U+65E5`."""
    found = _NOT_SENT.search(_TEMPLATE.sub("", text))
    if found is None:
        return None
    return "a new line" if found[0] in "\r\n" else f"the character U+{ord(found[0]):04X}"


def _sendable(headers: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, value in (headers or {}).items():
        if not _NAME.fullmatch(_TEMPLATE.sub("x", name)):
            raise ValueError(f"{name[:40]!r} is not a header name")
        if isinstance(value, str) and (shown := unsendable(value)):
            raise ValueError(
                f"`{name}` has {shown}, which no header can have: Artillery ends the user"
            )
    return headers


def _sendable_cookies(cookies: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, value in (cookies or {}).items():
        if shown := unsendable(f"{name}={value}"):
            raise ValueError(
                f"`{name}` has {shown}, which no header can have: Artillery ends the user"
            )
    return cookies


Cookies = Annotated[dict[str, str | int | float], AfterValidator(_sendable_cookies)]
"""Cookies of a request, all of which are in one header."""
AnyCookies = Annotated[dict[str, Any], AfterValidator(_sendable_cookies)]
"""Cookies of all requests."""
Headers = Annotated[dict[str, str | int | float], AfterValidator(_sendable)]
"""Headers of a request."""
AnyHeaders = Annotated[dict[str, Any], AfterValidator(_sendable)]
"""Headers of all requests."""
