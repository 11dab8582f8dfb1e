"""Texts in Base64, hexadecimal and compressed, as user data, files of cloud-init and objects hold them."""

from __future__ import annotations

import base64
import binascii
import bz2
import contextlib
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_PACKED: Final[Mapping[bytes, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
}
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_URL_SAFE = str.maketrans("-_", "+/")
_NESTED = 2
"""How often what is encoded may be encoded again: user data, and a file written by it."""


def decoded(text: str, *, depth: int = _NESTED) -> Iterator[str]:
    """Yield a text, and what is encoded in it: all of it, or a word such as a file of cloud-init."""
    yield text
    whole = "".join(text.split())
    for word in dict.fromkeys((whole, *_ENCODED.findall(text))) if depth else ():
        for inner in _meanings(word):
            yield from decoded(inner, depth=depth - 1)


def _meanings(word: str) -> Iterator[str]:
    """Yield what a word stands for, if it is encoded: it may be so in two ways by chance."""
    contents: list[bytes] = []
    if _HEXADECIMAL.fullmatch(word):
        contents.append(bytes.fromhex(word))
    with contextlib.suppress(binascii.Error, ValueError):
        contents.append(base64.b64decode(word.translate(_URL_SAFE), validate=True))
    for content in contents:
        try:
            yield _text(_unpacked(content))
        except ValueError:
            continue


def _text(content: bytes) -> str:
    """Return bytes as text; PowerShell encodes its commands in UTF-16.

    Raises:
        UnicodeDecodeError: It is not text.
    """
    if content[:2] in _BYTE_ORDER_MARKS:
        return content.decode("utf-16")
    return content.decode("utf-16-le" if b"\0" in content else "utf-8")


def _unpacked(content: bytes) -> bytes:
    """Return user data as cloud-init or a script reads it: it may be compressed."""
    for begins, unpack in _PACKED.items():
        if content.startswith(begins):
            try:
                return unpack(content)
            except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
                return content
    return content
