"""Tokens of pages that moto cuts itself: one that it did not give is distinguished from a fault of its own.

moto reads such a token without a check, and what it fails with says nothing of it; in some operations it
answers with the first page, or with none.
"""

from __future__ import annotations

import binascii
import json
import linecache
import re
from contextvars import ContextVar
from typing import Any, Final

from moto.core.exceptions import InvalidToken
from moto.utilities.paginator import Paginator

from region.api.patching import Original, Patches

patches = Patches()

UNREADABLE: Final = (IndexError, KeyError, TypeError, ValueError)
"""What moto fails with where it reads a token that it did not give."""
_cut_by_moto: Final = ContextVar("cut_by_moto", default=False)
_UNDECODED: Final = (binascii.Error, UnicodeDecodeError, json.JSONDecodeError)
"""Of these, what only a text from outside causes."""


class ForeignTokenError(ValueError):
    """A token that moto's paginator did not give."""


def is_cause(token: str, error: Exception) -> bool:
    """Return whether a call failed because of its token, and not by an error in moto or in a patch."""
    if isinstance(error, (ForeignTokenError, *_UNDECODED)) or repr(token) in str(error):
        return True
    return _reads(token, error)


def _reads(token: str, error: Exception) -> bool:
    """Return whether the line that failed has the token in its hands."""
    trace = error.__traceback__
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame
    line = linecache.getline(frame.f_code.co_filename, trace.tb_lineno)
    named = (name for name, value in frame.f_locals.items() if value == token)
    return any(re.search(rf"\b{re.escape(name)}\b", line) for name in named)


@patches.around(Paginator, "__init__")
def _init(moto: Original, self: Paginator, *given: Any, **named: Any) -> None:
    """Refuse what is not a token in every operation: moto's events and logs answer with the first page.

    An empty token asks for the first page, as in all other operations.
    """
    named["starting_token"] = named.get("starting_token") or None
    try:
        moto(self, *given, **named | {"fail_on_invalid_token": True})
    except InvalidToken as error:
        raise ForeignTokenError(str(error)) from error


def begin() -> None:
    """Note that a call begins."""
    _cut_by_moto.set(False)


def moto_has_cut() -> bool:
    """Return whether moto's paginator has cut the answer of the call, and so has read its token."""
    return _cut_by_moto.get()


@patches.around(Paginator, "paginate")
def _paginate(moto: Original, self: Paginator, results: list[Any]) -> object:
    """Refuse the token of an item that is in no page: InvalidToken has no format of a client."""
    _cut_by_moto.set(True)
    try:
        return moto(self, results)
    except InvalidToken as error:
        raise ForeignTokenError(str(error)) from error
