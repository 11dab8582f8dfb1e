"""Which headers a script may set: those that Node, which runs Artillery, sends (`lib/_http_common.js`).

It ends a user whose request has anything else. Other generators send something else instead.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator

_NAME: Final = re.compile(r"[\^_`a-zA-Z0-9!#$%&'*+.|~-]+")
_NOT_SENT: Final = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def _sendable(headers: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, value in (headers or {}).items():
        if not _NAME.fullmatch(_TEMPLATE.sub("x", name)):
            raise ValueError(f"{name[:40]!r} is not a header name")
        if isinstance(value, str) and (found := _NOT_SENT.search(_TEMPLATE.sub("", value))):
            shown = "a new line" if found[0] in "\r\n" else f"the character U+{ord(found[0]):04X}"
            raise ValueError(
                f"`{name}` has {shown}, which no header can have: Artillery ends the user"
            )
    return headers


def _sendable_cookies(cookies: dict[str, Any] | None) -> dict[str, Any] | None:
    for name, value in (cookies or {}).items():
        if found := _NOT_SENT.search(_TEMPLATE.sub("", f"{name}={value}")):
            raise ValueError(
                f"`{name}` has the character U+{ord(found[0]):04X}, which no header can have: Artillery "
                "ends the user"
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
