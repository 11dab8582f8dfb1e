"""Marks the calls of a creation, so that one that the region's death interrupted goes on.

What the API does with the marks is told in `region.api.creations`.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from region.api.creations import HEADER


class _Current(threading.local):
    def __init__(self) -> None:
        self.token = ""
        self.calls: Counter[str] = Counter()


_current = _Current()


def token_of(urn: str) -> str:
    """Return the token of the creation of a resource."""
    return hashlib.sha256(urn.encode()).hexdigest()[:32]


@contextmanager
def marked(urn: str) -> Generator[None]:
    """Mark the calls of this thread meanwhile as part of the creation of `urn`."""
    _current.token, _current.calls = token_of(urn), Counter()
    try:
        yield
    finally:
        _current.token = ""


def mark(model: Any, params: dict[str, Any], **_: object) -> None:
    """Mark a call: a handler of botocore's event `before-call`."""
    if _current.token:
        # By operation: how often a state is asked for differs from one time to the next.
        number = _current.calls[model.name]
        _current.calls[model.name] += 1
        params["headers"][HEADER] = f"{_current.token} {model.name} {number}"
