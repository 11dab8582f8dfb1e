"""Texts of requests that no response, no file and no program could carry: refused before moto sees them.

JSON can write half of a surrogate pair, which is not a character and which UTF-8 does not encode; a form
can write bytes that are not UTF-8, and control characters that XML, the format of its response, lacks.
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from region.api import wsgi
from region.api.wsgi import Environ, Protocol

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""What a text with half of a surrogate pair has; a whole pair has it too."""
_NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

CODES: Final[dict[Protocol, str]] = {
    "cbor": "SerializationException",
    "ec2": "InvalidCharacter",
    "json": "SerializationException",
    "query": "ValidationError",
    "s3": "InvalidRequest",
}
"""The error code of each protocol for invalid text."""


def objection(environ: Environ, body: bytes) -> str:
    """Return what is wrong with the texts of a request, empty if nothing is."""
    protocol = wsgi.protocol_of(environ)
    if protocol == "json":
        return _in_json(body)
    if protocol in {"ec2", "query"}:
        query = str(environ.get("QUERY_STRING", "")).encode("latin-1", "replace")
        return _in_form(query) or _in_form(body)
    return ""


def _in_json(body: bytes) -> str:
    if not _SURROGATE.search(body):
        return ""
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeError:
        return "The request has half of a surrogate pair, which is not a character."
    except (ValueError, RecursionError):
        return ""  # moto says what is wrong with it.
    return ""


def _in_form(form: bytes) -> str:
    if b"%" not in form and form.isascii():
        return ""
    try:
        text = unquote_to_bytes(form).decode()
    except UnicodeDecodeError:
        return "The request has bytes that are not UTF-8."
    found = _NOT_IN_XML.search(text)
    return f"The request has the character {found.group()!r}, which is not valid." if found else ""
