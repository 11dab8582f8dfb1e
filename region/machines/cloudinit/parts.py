"""The parts of user data: a script, a cloud-config, or several of them in one of four wrappers."""

from __future__ import annotations

import email
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final, Literal

import yaml

Kind = Literal["config", "script", "per-boot", "boothook"]

LARGEST_UNPACKED: Final = 10 * 1024**2
_DEEPEST: Final = 8
_GZIP: Final = b"\x1f\x8b"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# By how a text begins (cloud-init's INCLUSION_TYPES_MAP); the longest that fits counts.
_BEGINNINGS: Final = {
    "#!": "text/x-shellscript",
    "#cloud-config": "text/cloud-config",
    "#cloud-config-archive": "text/cloud-config-archive",
    "#cloud-config-jsonp": "text/cloud-config-jsonp",
    "#cloud-boothook": "text/cloud-boothook",
    "#include": "text/x-include-url",
    "#include-once": "text/x-include-once-url",
    "#part-handler": "text/part-handler",
    "## template: jinja": "text/jinja2",
}
_KINDS: Final[dict[str, Kind]] = {
    "text/cloud-config": "config",
    "text/x-shellscript": "script",
    "text/x-shellscript-per-boot": "per-boot",
    "text/x-shellscript-per-instance": "script",
    "text/x-shellscript-per-once": "script",
    "text/cloud-boothook": "boothook",
}
_UNSAID: Final = ("text/plain", "text/x-not-multipart", "application/octet-stream")
_GZIP_TYPES: Final = ("application/gzip", "application/x-gzip", "application/gzip-compressed")


@dataclass(frozen=True)
class Part:
    """One script, boot hook or cloud-config; `name` is its file's.

    Boot hooks and scripts `per-boot` run at each boot.
    """

    kind: Kind
    content: bytes
    name: str


@dataclass
class UserData:
    """What user data consists of, in order, and what of it cannot be handled."""

    parts: list[Part] = field(default_factory=list[Part])
    problems: list[str] = field(default_factory=list[str])


def split(user_data: bytes) -> UserData:
    """Take user data apart, whatever it is; empty user data has no part."""
    found = UserData()
    for number, (kind, content, name) in enumerate(_walk(user_data, "", "", found, 0), 1):
        safe = "".join(letter for letter in name if letter.isalnum() or letter in "._-")
        found.parts.append(Part(kind, content, safe.lstrip(".") or f"part-{number:03}"))
    return found


def _walk(
    data: bytes, said: str, name: str, found: UserData, depth: int
) -> Iterator[tuple[Kind, bytes, str]]:
    """Yield kind, content and name of each part in `data`, of the MIME type `said` if that is."""
    if depth > _DEEPEST:
        found.problems.append("User data is nested too deeply.")
        return
    if data.startswith(_GZIP) or said in _GZIP_TYPES:
        unpacked = gunzip(data)
        if unpacked is None:
            found.problems.append(
                f"User data is not a gzip that unpacks to at most {LARGEST_UNPACKED} bytes."
            )
        else:
            yield from _walk(unpacked, "", name, found, depth + 1)
        return
    if not data.strip():
        return
    kind = said if said and said not in _UNSAID else _type_of(data)
    if kind == "multipart":
        for part in _leaves(email.message_from_bytes(data)):
            yield from _walk(*part, found, depth + 1)
    elif kind == "text/cloud-config-archive":
        for part in _entries(data, found):
            yield from _walk(*part, found, depth + 1)
    elif kind in _KINDS:
        yield _KINDS[kind], data, name
    else:
        found.problems.append(_unhandled(kind, data))


def gunzip(data: bytes) -> bytes | None:
    """Unpack a gzip; None if it is damaged or unpacks to more than LARGEST_UNPACKED bytes."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, LARGEST_UNPACKED + 1)
    except zlib.error:
        return None
    return unpacked if unpacker.eof and len(unpacked) <= LARGEST_UNPACKED else None


def _type_of(data: bytes) -> str:
    beginning = data[:4096].decode(errors="replace").lower()
    if "mime-version:" in beginning or beginning.startswith("content-type: multipart"):
        return "multipart"
    text = beginning.lstrip()
    fitting = [start for start in _BEGINNINGS if text.startswith(start)]
    return _BEGINNINGS[max(fitting, key=len)] if fitting else ""


def _leaves(message: Message) -> Iterator[tuple[bytes, str, str]]:
    for part in message.walk():
        if part.is_multipart():
            continue
        content: Any = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield content, part.get_content_type(), part.get_filename() or ""


def _entries(data: bytes, found: UserData) -> Iterator[tuple[bytes, str, str]]:
    try:
        entries: Any = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found.problems.append(f"The cloud-config-archive is not valid YAML: {_line(error)}.")
        return
    for entry in entries if isinstance(entries, list) else []:
        fields: dict[str, Any] = {"content": entry} if isinstance(entry, str) else entry
        if isinstance(fields, dict) and isinstance(fields.get("content"), str):
            said, name = str(fields.get("type") or ""), str(fields.get("filename") or "")
            yield fields["content"].encode(), said, name
        else:
            found.problems.append("An entry of the cloud-config-archive has no content.")


def _unhandled(kind: str, data: bytes) -> str:
    if kind:
        return f"The local region does not handle user data of the type {kind}."
    remedy = "it should begin with `#!` or `#cloud-config`"
    if data.startswith(_BYTE_ORDER_MARK):
        remedy = "save it as UTF-8 without byte order mark (BOM)"
    return f"Unhandled non-multipart (text/x-not-multipart) userdata: {data[:24]!r}...; {remedy}."


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
