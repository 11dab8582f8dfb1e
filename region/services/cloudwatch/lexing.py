"""How the languages of CloudWatch are read: expressions of metrics, rules of alarms, searches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator


def tokens(
    pattern: re.Pattern[str], text: str, error: Callable[[str], Exception]
) -> Iterator[re.Match[str]]:
    """Yield the tokens that a text consists of; `pattern` takes the blanks before a token too.

    Raises:
        Exception: `error` of the rest, where none begins.
    """
    position = 0
    while rest := text[position:].strip():
        found = pattern.match(text, position)
        if found is None:
            raise error(rest)
        position = found.end()
        yield found
