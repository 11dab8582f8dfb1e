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
    return listed(json.loads(text).get("Statement") or None)


def listed(value: Any) -> list[Any]:
    """Return the values of an element, which may be one that is not in a list; none where it is absent."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
