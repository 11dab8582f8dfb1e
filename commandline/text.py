"""Text from outside, made safe for a terminal or an XML document."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""Characters that XML 1.0 cannot represent at all."""


def visible(text: str) -> str:
    """Escape control characters: a name in a message must not command the terminal."""
    return "".join(
        one if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf") else ascii(one)[1:-1]
        for one in text
    )


def xml_text(text: str) -> str:
    """Replace what no XML document may contain; markup is not escaped."""
    return _NOT_XML.sub("�", text)
