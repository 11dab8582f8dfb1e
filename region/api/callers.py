"""Who makes the call that is being answered: the region's user, or an instance of his."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_holder: Final[ContextVar[str]] = ContextVar("holder", default="")


def instance() -> str:
    """Return the id of the instance whose call this is; empty for one of the region's user."""
    return _holder.get()


@contextmanager
def calling(holder: str) -> Generator[None]:
    """Answer a call of the holder of a key pair: an instance's id, or nothing for the user."""
    token = _holder.set(holder)
    try:
        yield
    finally:
        _holder.reset(token)
