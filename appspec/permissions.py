"""The `permissions` section: what the agent rejects while it reads it.

Reference: application_specification/{application_specification,mode_info,acl_info,ace_info}.rb.
"""

from __future__ import annotations

import re
from typing import Any, Final

from appspec.document import Value

TYPES: Final = ("file", "directory")
_RANGE: Final = re.compile(r"s\d+(-s\d+)?(:c\d+(\.c\d+)?(,c\d+(\.c\d+)?)*)?")
_OCTAL: Final = frozenset("01234567")
_ACES: Final = {
    **dict.fromkeys(("u", "user"), "user"),
    **dict.fromkeys(("g", "group"), "group"),
    **dict.fromkeys(("m", "mask"), "mask"),
    **dict.fromkeys(("o", "other"), "other"),
}
_DEFAULT: Final = ("d", "default")
_UPDATE: Final = "Update the permissions section of the AppSpec file, and then try again."


class InvalidPermission(Exception):  # noqa: N818 - a judgment on the file, as the agent words it
    """The agent rejects the entry; the text is its own where it has one."""


def text_of(content: Any) -> str:
    """Write a scalar as Ruby's `to_s` does."""
    if content is None:
        return ""
    return str(content).lower() if isinstance(content, bool) else str(content)


def mode(value: Value) -> str:
    """Return the digits of a mode, filled up to three.

    Ruby's YAML has already read 0755 as the number 493, which is then taken for digits.

    Raises:
        InvalidPermission: For more than four digits, or others than octal ones.
    """
    digits = text_of(value.content).rjust(3, "0")
    if len(digits) > 4:
        raise InvalidPermission(
            f"The deployment failed because the length of a permissions mode ({digits}) in the "
            "application specification file is invalid. Permissions modes must be between one and "
            f"four characters long. {_UPDATE}{_octal_hint(value)}"
        )
    wrong = next((digit for digit in digits if digit not in _OCTAL), None)
    if wrong:
        raise InvalidPermission(
            f"The deployment failed because the permissions mode ({digits}) in the application "
            f"specification file contains an invalid character ({wrong}). {_UPDATE}"
            f"{_octal_hint(value)}"
        )
    return digits


def read_as_number(value: Value) -> bool:
    """Return whether YAML turned an octal mode such as 0644 into another number."""
    return isinstance(value.content, int) and str(value.content) != value.text


def _octal_hint(value: Value) -> str:
    if not read_as_number(value):
        return ""
    bare = value.text.lstrip("0") or "0"
    return (
        f' (YAML reads {value.text} as the number {value.content}; write {bare} or "{value.text}".)'
    )


def types(value: Value | None) -> tuple[str, ...]:
    """Return the types that an entry applies to, both by default.

    Raises:
        InvalidPermission: For anything but a list of `file` and `directory`.
    """
    if value is None or value.falsy:
        return TYPES
    given = tuple(text_of(item) for item in _items(value, "type"))
    wrong = next((name for name in given if name not in TYPES), None)
    if wrong is not None:
        raise InvalidPermission(
            "The deployment failed because the application specification file specifies a "
            f"permission for an object type not supported for permissions ({wrong}). {_UPDATE}"
        )
    return given


def exclude(value: Value | None) -> tuple[str, ...]:
    """Return the patterns of `except`.

    Raises:
        InvalidPermission: If it is not a list.
    """
    if value is None or value.falsy:
        return ()
    return tuple(text_of(item) for item in _items(value, "except"))


def has_default_acl(value: Value | None) -> bool:
    """Check `acls`, and return whether one of them is a default entry.

    Raises:
        InvalidPermission: For an entry that the agent rejects.
    """
    if value is None:
        return False
    return any([_is_default_ace(item) for item in _items(value, "acls")])  # noqa: C419 - all are checked


def check_context(value: Value | None) -> None:
    """Check `context`, which must be a mapping with a type, and its range if it has one.

    Raises:
        InvalidPermission: If it is not.
    """
    if value is not None and value.get("type") is None:
        shown = value.text or "without a type"
        raise InvalidPermission(
            "The deployment failed because the application specification file specifies an invalid "
            f"context type ({shown}). {_UPDATE}"
        )
    given = value.get("range") if value is not None else None
    if given is not None and not _RANGE.fullmatch(text_of(given.content)):
        raise InvalidPermission(
            f"invalid range part {given.text or 'of a context'}; write s0 or s0-s3:c0,c5.c9, for example."
        )


def _items(value: Value, name: str) -> list[Any]:
    if not isinstance(value.content, list):
        raise InvalidPermission(f"`{name}` is not a list; write [{value.text or '…'}].")
    found = [item.content for item in value.content]
    nested = next((item for item in found if isinstance(item, list | dict)), None)
    if nested is not None:
        raise InvalidPermission(f"`{name}` contains a list or a mapping; list plain texts.")
    return found


def _is_default_ace(content: Any) -> bool:
    """Check one entry, `[default:][user|group|mask|other]:[name]:permissions`."""
    invalid = (
        "The deployment failed because of a problem with the acls permission settings in the "
        "application specification file."
    )
    if not isinstance(content, str):
        raise InvalidPermission(f"{invalid} {text_of(content)} is not a text; quote it.")
    parts = content.split(":")[::-1]
    malformed = InvalidPermission(f"{invalid} Invalid acl entry ({content}).")
    if not 2 <= len(parts) <= 4 or (len(parts) == 4 and parts[3] not in _DEFAULT):
        raise malformed
    default = len(parts) == 4
    kind, name = _ace_subject(parts, malformed)
    if len(parts) >= 3 and parts[2] in _DEFAULT:
        if default:
            raise malformed
        default = True
    if kind in {"mask", "other"} and name:
        raise malformed
    if not default and kind != "mask" and not name:
        raise InvalidPermission(
            f"{invalid} Use mode to set the base acl entry ({content}). {_UPDATE}"
        )
    wrong = next((char for char in parts[0] if char not in "rwx-"), None)
    if wrong and not (len(parts[0]) == 1 and wrong in _OCTAL):
        raise InvalidPermission(
            f"The deployment failed because the access control list (ACL) named {content} in the "
            f"application specification file contains an invalid character ({wrong}). Correct the "
            "ACL in the hooks section of the AppSpec file, and then try again."
        )
    return default


def _ace_subject(parts: list[str], malformed: InvalidPermission) -> tuple[str, str]:
    """Return the kind and the name of the subject; `parts` are reversed."""
    kind: str | None = None
    if len(parts) >= 3 and parts[2] not in _DEFAULT:
        kind = _ACES.get(parts[2])
        if kind is None:
            raise malformed
    second = _ACES.get(parts[1])
    if second in {"mask", "other"}:
        return (second, "") if kind is None else (kind, str(second))
    return kind or "user", parts[1]
