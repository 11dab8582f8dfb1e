"""What visitors send, written as Artillery writes it: texts, URLs, bodies, whole requests."""
# This runs beside the locustfile, where modules have no package.
# pyright: reportImplicitRelativeImport=false, reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from answers import MISSING
from javascript_numbers import shown

SAFE = "/?&=#%:;,+$!*'()@[]~|"
"""What a URL keeps; everything else is percent-encoded."""
STRAY = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that encodes nothing: a URL cannot have one."""
HEADER = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""What Node sends as a header, in Latin-1."""
NO_TYPE = "haproof/none"
"""Stands for no type at all until the request is sent: the client would make one up."""
LETTERS = string.ascii_letters + string.digits


def text(*parts: Any) -> str:
    """Put a text together, with values written as JavaScript writes them."""
    return "".join(map(_written, parts))


def _written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case int() | float():
            return shown(value)
        case dict() | list():
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        case _:
            return str(value)


def random_number(low: int, high: int) -> int:
    """Return a whole number; both ends are included."""
    return random.randint(low, high)  # noqa: S311


def random_string(length: int) -> str:
    """Return letters and digits."""
    return "".join(random.choices(LETTERS, k=length))  # noqa: S311


def chance(share: float) -> bool:
    """Return True with this probability, 0 to 1."""
    return random.random() < share  # noqa: S311


def written_url(url: str) -> str:
    """Write a path and its query as a URL, as Artillery's Node does."""
    path, mark, query = url.partition("?")
    path = path.replace("\\", "/")
    return quote(STRAY.sub("%25", f"{path}{mark}{query}"), safe=SAFE)


def is_header(value: str) -> bool:
    """Return whether a header can have this value."""
    return HEADER.fullmatch(value) is not None


def as_written(headers: Mapping[str, str], body: bytes | None) -> Mapping[str, str]:
    """Return headers such that Latin-1, which the client writes, is what Node writes.

    Node writes the head of a request together with its body, which is a text: in UTF-8 then.
    """
    if body is None:
        return headers
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


class Request(NamedTuple):
    """A request as a scenario has it.

    Attributes:
        url: The path, with or without a query.
        endpoint: What results call it.
        query: Names and values that are added to the URL.
        json_body: The body, at most one of the three; `body` is a text, `form` has its fields.
        auth: User and password of basic authentication.
        compressed: Whether the answer may be compressed.
        follows: Whether redirects are followed.
    """

    method: str
    url: str
    endpoint: str
    headers: Mapping[str, str] = {}
    query: Sequence[tuple[str, str]] = ()
    json_body: Any = MISSING
    body: str | None = None
    form: Mapping[str, str] | None = None
    auth: tuple[str, str] | None = None
    compressed: bool = True
    follows: bool = True

    def written_url(self) -> str:
        """Return the URL with its query."""
        return written_url(self.url) + (f"?{urlencode(self.query)}" if self.query else "")

    def written(self) -> tuple[dict[str, str], bytes | None]:
        """Return headers and body; `NO_TYPE` is the type of a body without a known one."""
        headers = {"user-agent": "haproof (Locust)", **self.headers}
        if not self.compressed:
            headers.setdefault("accept-encoding", "identity")
        if self.auth is not None:
            encoded = base64.b64encode(":".join(self.auth).encode()).decode()
            headers["authorization"] = f"Basic {encoded}"
        if self.json_body is not MISSING:
            headers.setdefault("content-type", "application/json")
            text = json.dumps(self.json_body, separators=(",", ":"), ensure_ascii=False)
            return headers, text.encode()
        if self.form is not None:
            headers.setdefault("content-type", "application/x-www-form-urlencoded")
            return headers, urlencode(self.form).encode()
        if self.body is not None:
            headers.setdefault("content-type", NO_TYPE)
            return headers, self.body.encode()
        return headers, None
