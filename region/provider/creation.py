"""Marks the calls of a creation, so that one interrupted by the region's death can continue.

What the API does with the marks is told in `region.api.creations`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from region.api.creations import HEADER, NO_SEED


class Log(Protocol):
    """What the region keeps of creations until the engine knows how they ended."""

    def created(self, token: str) -> None:
        """Forget a creation: the engine is informed next."""
        ...

    def interrupted_seed(self, token: str) -> bytes:
        """Return the seed of the name in a creation that was interrupted, empty if there is none."""
        ...


class NoLog:
    """Keeps nothing: for a provider whose region does not outlive it."""

    def created(self, token: str) -> None:
        """Forget nothing."""

    def interrupted_seed(self, token: str) -> bytes:  # noqa: ARG002
        """Know nothing."""
        return b""


class _Current(threading.local):
    def __init__(self) -> None:
        self.token = ""
        self.seed = b""
        self.calls: Counter[str] = Counter()
        self.digest = ""


_current = _Current()


def token_of(urn: str) -> str:
    """Return the token of the creation of a resource."""
    return hashlib.sha256(urn.encode()).hexdigest()[:32]


@contextmanager
def marked(urn: str, seed: bytes = b"") -> Generator[None]:
    """Mark the calls of this thread meanwhile as part of the creation of `urn`, named from `seed`."""
    _current.token, _current.seed, _current.calls = token_of(urn), seed, Counter()
    try:
        yield
    finally:
        _current.token = ""


def note(params: Mapping[str, Any], **_: object) -> None:
    """Remember what a call asks for: a handler of botocore's event `provide-client-params`.

    Later events see botocore's idempotency tokens among the parameters, which differ from call to call.
    """
    if _current.token:
        text = json.dumps(params, sort_keys=True, default=repr)
        _current.digest = hashlib.sha256(text.encode()).hexdigest()[:32]


def mark(model: Any, params: dict[str, Any], **_: object) -> None:
    """Mark a call: a handler of botocore's event `before-call`."""
    if _current.token:
        # By operation: how often a state is asked for differs from one time to the next.
        number = _current.calls[model.name]
        _current.calls[model.name] += 1
        seed = _current.seed.hex() or NO_SEED
        call = f"{model.name} {number} {_current.digest}"
        params["headers"][HEADER] = f"{_current.token} {seed} {call}"
