r"""JavaScript regular expressions, rewritten to match the same in Python and in JMeter's Perl 5 syntax.

The languages agree on most of what is used, and differ without a word in the rest: `.` and `$` know other
ends of lines, `\d` and `\w` other letters. These are spelled out. What only one of them has is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loadtest.engine.generators.portable.texts import UnportableError

_TOKEN = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|.)|\(\?<?.?|[*+?}]\+|\[\^?\]?|.", re.DOTALL)
_ESCAPES = frozenset("bBdDwWsSnrtfx0123456789") - {"0"}
"""Letters and digits that mean the same behind a backslash; of other signs, it takes away the meaning."""
_GROUPS = ("(", "(?:", "(?=", "(?!")
_INSIDE = {"\\d": "0-9", "\\w": "A-Za-z0-9_"}
"""The same letters everywhere, inside of brackets."""
_OUTSIDE = {"\\d": "[0-9]", "\\w": "[A-Za-z0-9_]", "\\D": "[^0-9]", "\\W": "[^A-Za-z0-9_]"}
_NOTHING_FOLLOWS = r"(?![\s\S])"
_LINE_ENDS = rf"(?=[\r\n]|{_NOTHING_FOLLOWS})"


def shared(expression: str, flags: str) -> str:
    """Return an expression of JavaScript as all read it; `flags` are those of i, m and s that it has.

    Raises:
        UnportableError: They would not find the same, or it is none.
    """
    written = "".join(_rewritten(expression, flags))
    try:
        re.compile(written)
    except re.error as error:
        raise UnportableError(f"`{expression}` is JavaScript's own ({error})") from error
    return written


def _rewritten(expression: str, flags: str) -> Iterator[str]:
    in_class = False
    for found in _TOKEN.finditer(expression):
        part = found[0]
        if part.startswith("\\"):
            yield _escape(expression, part, in_class=in_class)
        elif in_class:
            in_class = part != "]"
            yield part
        elif part.startswith("["):
            if part.endswith("]"):
                raise UnportableError(f"`{expression}`: `{part}` is JavaScript's own")
            in_class = True
            yield part
        else:
            yield _plain(expression, part, flags)


def _plain(expression: str, token: str, flags: str) -> str:
    if token.startswith("("):
        return _group(expression, token)
    if len(token) > 1:
        raise UnportableError(f"`{expression}`: nothing can be repeated by `{token}` in JavaScript")
    match token:
        case "." if "s" not in flags:
            return r"[^\r\n]"
        case "$":
            return _LINE_ENDS if "m" in flags else _NOTHING_FOLLOWS
        case _:
            return token


def _group(expression: str, token: str) -> str:
    if token not in _GROUPS:
        raise UnportableError(f"`{expression}`: `{token}` is not the same everywhere")
    return token


def _escape(expression: str, token: str, *, in_class: bool) -> str:
    sign = token[1]
    if sign.isalnum() and sign not in _ESCAPES:
        raise UnportableError(
            f"`{expression}`: `{token}` is not the same everywhere: write the character itself"
        )
    if in_class:
        if token in _OUTSIDE and token not in _INSIDE:
            raise UnportableError(
                f"`{expression}`: `{token}` within brackets: list what may be there"
            )
        return _INSIDE.get(token, token)
    return _OUTSIDE.get(token, token)
