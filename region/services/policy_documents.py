"""Policy documents, as calls of several services bring them."""

from __future__ import annotations

import json


def is_policy_document(text: str) -> bool:
    """Return whether a text is JSON with statements."""
    try:
        policy = json.loads(text)
    except ValueError:
        return False
    return isinstance(policy, dict) and "Statement" in policy
