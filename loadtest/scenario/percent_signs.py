"""What a script may write into URLs: what can be decoded (`decodeURIComponent`).

Artillery decodes the path and the query of each request for its metrics by endpoint, and ends the user if
it cannot. Other generators would send something else instead.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STRAY: Final = re.compile(r"%(?![0-9A-Fa-f]{2}|[0-9A-Fa-f]?\{\{)")
_ENCODED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def undecodable(url: str) -> str | None:
    """Return what cannot be decoded of a URL, whose templates do not count: `%`, or `%E9`."""
    if stray := _STRAY.search(url):
        return stray[0]
    for found in _ENCODED.finditer(_TEMPLATE.sub("", url)):
        try:
            unquote(found[0], errors="strict")
        except UnicodeDecodeError:
            return found[0]
    return None
