"""Texts in Base64 and gzip, as user data, files of cloud-init and objects of a bucket hold them."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterator

_GZIP = b"\x1f\x8b"
_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_NESTED = 2
"""How often what is encoded may be encoded again: user data, and a file written by it."""


def decoded(text: str, *, depth: int = _NESTED) -> Iterator[str]:
    """Yield a text, and what is encoded in it: all of it, or a word such as a file of cloud-init."""
    yield text
    whole = "".join(text.split())
    for word in dict.fromkeys((whole, *_ENCODED.findall(text))) if depth else ():
        try:
            content = _unpacked(base64.b64decode(word, validate=True))
            inner = content.decode()
        except (binascii.Error, ValueError):
            continue
        yield from decoded(inner, depth=depth - 1)


def _unpacked(content: bytes) -> bytes:
    """Return user data as cloud-init reads it: it may be compressed."""
    try:
        return gzip.decompress(content) if content[:2] == _GZIP else content
    except (OSError, EOFError, zlib.error):
        return content
