"""Keys of tags, as all services hold them."""

from __future__ import annotations

from typing import Final

_RESERVED: Final = "aws:"


def is_reserved(key: object) -> bool:
    """Return whether a key is one of AWS's own, in any capitalization, which nobody else may set."""
    return str(key).lower().startswith(_RESERVED)
