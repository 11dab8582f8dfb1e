"""Names that Pulumi chooses: the logical name and seven random hex digits.

As in the real provider, a name is chosen once, in Check, and kept for the life of the resource. The
digits come from the engine's seed if it sends one, so that an update plan can be repeated.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

HEX_DIGITS: Final = 7
PREFIX_DIGITS: Final = 26
"""What the real provider appends to a `namePrefix`: a timestamp and a counter, 26 digits."""

WORD: Final = r"[\w+=,.@-]+"
WORD_RULE: Final = "letters, digits and +=,.@_-"
"""A name without blanks and slashes, as IAM and CodeDeploy take it (API references, `Pattern`)."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How one resource type is named.

    `prop` and `prefix` are the input properties of the name and of its prefix (empty if the type
    has none), `limit` AWS's maximum length in characters, `pattern` what AWS accepts.
    """

    prop: str = "name"
    prefix: str = "namePrefix"
    limit: int = 255
    lower: bool = False
    pattern: str = r"[\w+=,.@/ -]+"
    rule: str = "letters, digits and +=,.@-_"

    def problem(self, name: str) -> str | None:
        """Return why AWS would reject the name, or None."""
        if not 0 < len(name) <= self.limit:
            return (
                f"the name {name!r} has {len(name)} characters and AWS allows 1 to {self.limit}; "
                "shorten it or the resource's logical name"
            )
        if not re.fullmatch(self.pattern, name):
            return f"the name {name!r} is not allowed; use {self.rule}"
        return None


def choose(naming: Naming, logical: str, seed: bytes) -> str:
    """Return a fresh name for a resource: `logical-1a2b3c4`."""
    stem = logical.lower() if naming.lower else logical
    return f"{stem}-{_digits(seed, HEX_DIGITS)}"


def extend(naming: Naming, prefix: str, seed: bytes) -> str:
    """Return a fresh name that starts with a prefix and stays within the limit."""
    return prefix + _digits(seed, min(PREFIX_DIGITS, max(naming.limit - len(prefix), 0)))


def _digits(seed: bytes, count: int) -> str:
    if not seed:
        return secrets.token_hex(count)[:count]
    return hashlib.sha256(seed).hexdigest()[:count]
