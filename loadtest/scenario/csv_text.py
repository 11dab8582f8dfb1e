"""Where Artillery's CSV parser (csv-parse 4) differs from others, detected in the text itself.

It refuses quotes where others take them for text. It takes the kind of line ending that comes first for
all, and counts an empty first line as the header that `skipHeader` leaves out.
"""

from __future__ import annotations

import re

_ENDING = re.compile(r"\r\n|\n|\r")
_NAMES = {"\r\n": "CR LF", "\n": "LF", "\r": "CR"}
_QUOTED = re.compile(r'"(?:[^"]|"")*("|\Z)')
_BORDER = ("", "\n", "\r")


def problem(text: str, delimiter: str, *, skips_header: bool) -> str | None:
    """Return what is wrong with a file's text, with the line; None if nothing is."""
    if skips_header and _ENDING.match(text):
        return "its first line is empty, and `skipHeader` leaves out that one: remove it"
    for quoted in _QUOTED.finditer(text):
        if wrong := _wrong(text, quoted, (delimiter, *_BORDER)):
            return f"line {_line(text, quoted.start())}: {wrong}"
    return _mixed_endings(text)


def _wrong(text: str, quoted: re.Match[str], borders: tuple[str, ...]) -> str | None:
    before, after = text[max(0, quoted.start() - 1) : quoted.start()], text[quoted.end() :][:1]
    if before not in borders:
        return "a quote inside of a value: put the whole value in quotes, and write that one twice"
    if not quoted[1]:
        return "a quote is not closed"
    if after not in borders:
        return f"{after!r} follows a closing quote: a quote inside of a value is written twice"
    return None


def _mixed_endings(text: str) -> str | None:
    masked = _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), text)
    first = None
    for ending in _ENDING.finditer(masked):
        first = first or ending[0]
        if ending[0] != first:
            return (
                f"its lines end in {_NAMES[first]}, but line {_line(text, ending.start())} in "
                f"{_NAMES[ending[0]]}, and Artillery takes the first for all: end them alike"
            )
    return None


def _line(text: str, at: int) -> int:
    return len(_ENDING.findall(text[:at])) + 1
