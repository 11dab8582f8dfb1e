"""Policy documents, as calls of several services bring them."""

from __future__ import annotations

import json
from typing import Any


def is_policy_document(text: str) -> bool:
    """Return whether a text is JSON with statements."""
    try:
        policy = json.loads(text)
    except ValueError:
        return False
    return isinstance(policy, dict) and "Statement" in policy


def statements(text: str | bytes) -> list[dict[str, Any]]:
    """Return the statements of a document, which may be one that is not in a list."""
    found: Any = json.loads(text).get("Statement") or []
    return found if isinstance(found, list) else [found]
