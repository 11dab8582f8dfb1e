"""Foreign text made harmless for a terminal."""

from __future__ import annotations

import codecs
import re
from typing import Final

_SEQUENCE: Final = re.compile(
    # Control sequences, then strings such as a window title up to their end, then other escapes.
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Remove what a terminal would act on: escape sequences and control characters.

    Lines and tabs stay. A carriage return, which could hide what a line says, begins a new line.
    """
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n")).replace("\r", "\n")
    return _CONTROL.sub("", text)


class Cleaner:
    """Makes a log, which comes in pieces that end anywhere, harmless for a terminal."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def __call__(self, data: bytes) -> str:
        """Return the next piece as text for a terminal."""
        return printable(self._decoder.decode(data))
