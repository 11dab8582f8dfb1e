"""Texts of any language where the shell's locale has none of their characters."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from io import TextIOWrapper
from typing import Final

_UTF8_MODE: Final = "PYTHONUTF8"
_PLAIN: Final[Mapping[str, str]] = {
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2022": "*", "\u00b7": "*", "\u2026": "...",
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2192": "->", "\u2265": ">=",
    "\u2264": "<=", "\u00d7": "x", "\u00b1": "+-", "\u00a0": " ", "\u2713": "+", "\u2714": "+",
    "\u2717": "x", "\u2718": "x",
}  # fmt: skip
"""What stands in ASCII for the signs that the project's own texts have beyond it."""
_HANDLER: Final = "haproof.plain"


def use_utf8() -> None:
    """Start this Python again in its UTF-8 mode if it takes names and texts for ASCII.

    By itself, Python does so in the locale C (PEP 540), unless PYTHONUTF8=0 forbids it. It then could
    neither name nor read the user's files, nor what other programs print.
    """
    if sys.getfilesystemencoding() not in ("ascii", "latin-1", "iso8859-1"):
        return
    if os.environ.get(_UTF8_MODE) == "1" or not sys.executable:
        return  # Somebody forbids it by `-X utf8=0`.
    os.environ[_UTF8_MODE] = "1"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - no shell


def accept_all() -> None:
    """Let standard output and error replace what their encoding does not have, instead of failing on it."""
    codecs.register_error(_HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what to write instead of the next character: a sign of ASCII, or its escape."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101
    character = error.object[error.start]
    if character in _PLAIN:
        return _PLAIN[character], error.start + 1
    one = UnicodeEncodeError(error.encoding, character, 0, 1, error.reason)
    return codecs.backslashreplace_errors(one)[0], error.start + 1
