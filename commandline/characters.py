"""Texts of any language where the shell's locale has none of their characters."""

from __future__ import annotations

import codecs
import locale
import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Final

_UTF8_MODE: Final = "PYTHONUTF8"
_TERMINAL: Final = "HAPROOF_TERMINAL_ENCODING"
"""Hands the encoding of the terminal to the same program in UTF-8 mode, and to no other."""
_WITHOUT_LETTERS: Final = ("ascii", "iso8859-1")
"""Encodings of terminals that most likely show UTF-8: nobody has chosen a locale there."""
_PLAIN: Final[Mapping[str, str]] = {
    "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2022": "*", "\u00b7": "*", "\u2026": "...",
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2192": "->", "\u2265": ">=",
    "\u2264": "<=", "\u00d7": "x", "\u00b1": "+-", "\u00a0": " ", "\u2713": "+", "\u2714": "+",
    "\u2717": "x", "\u2718": "x",
}  # fmt: skip
"""What stands in ASCII for the signs that the project's own texts have beyond it."""
_HANDLER: Final = "haproof.plain"


def use_utf8() -> None:
    """Start this Python again in its UTF-8 mode if its locale has another encoding, such as EUC-KR.

    In the locale C, Python does so by itself (PEP 540), unless PYTHONUTF8=0 forbids it. Otherwise it could
    neither name nor read files in UTF-8, nor what other programs print. The terminal keeps its encoding;
    one that has ASCII only gets UTF-8.
    """
    terminal = os.environ.pop(_TERMINAL, None)
    if terminal is not None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(encoding=terminal)
    if sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8":
        return
    if os.environ.get(_UTF8_MODE) == "1" or not sys.executable:
        return  # Somebody forbids it by `-X utf8=0`.
    encoding = locale.getencoding()
    if (
        codecs.lookup(encoding).name not in _WITHOUT_LETTERS
        and "PYTHONIOENCODING" not in os.environ
    ):
        os.environ[_TERMINAL] = encoding
    os.environ[_UTF8_MODE] = "1"
    os.execv(sys.executable, [os.fsencode(sys.executable), *_words()[1:]])  # noqa: S606 - no shell


def _words() -> Sequence[str | bytes]:
    """Return the words of this command as the system has them: some encodings do not restore every byte."""
    try:
        return Path("/proc/self/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:  # Not Linux.
        return sys.orig_argv


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
    if "\udc80" <= character <= "\udcff":
        # A byte of a name in another encoding, most likely the terminal's.
        return bytes([ord(character) - 0xDC00]), error.start + 1
    if character in _PLAIN:
        return _PLAIN[character], error.start + 1
    one = UnicodeEncodeError(error.encoding, character, 0, 1, error.reason)
    return codecs.backslashreplace_errors(one)[0], error.start + 1
