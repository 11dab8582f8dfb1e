"""Tokens of pages: where in a list the next one begins, in a form that no client takes for a number."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

_PREFIX: Final = "haproof-page:"
"""What the tokens begin with, before they are encoded."""


class UnknownTokenError(ValueError):
    """A token of no page of the list."""


def token_of(begin: int) -> str:
    """Return the token of the page that begins with an item, counted from 0."""
    return base64.b64encode(f"{_PREFIX}{begin}".encode()).decode()


def begin_of(token: str, length: int) -> int:
    """Return the number of the first item of a page of a list of `length` items; 0 without a token.

    Raises:
        UnknownTokenError: There is no such page.
    """
    if not token:
        return 0
    try:
        text = base64.b64decode(token, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise UnknownTokenError(token) from error
    number = text.removeprefix(_PREFIX)
    if not text.startswith(_PREFIX) or not number.isdecimal() or int(number) > length:
        raise UnknownTokenError(token)
    return int(number)


def page_of(items: Sequence[Item], token: str, size: int | None) -> tuple[list[Item], str | None]:
    """Return a page of `size` items, all that are left with None, and the next one's token; None: no more.

    Raises:
        UnknownTokenError: There is no such page.
    """
    begin = begin_of(token, len(items))
    end = len(items) if size is None else begin + size
    return list(items[begin:end]), token_of(end) if end < len(items) else None
