"""The contents of S3 objects on disk, each in a file of its own that is named by its digest.

They are the bulk of a region's state and never change: the state file refers to them, so that a save
after a call does not write a service's archive again.
"""

from __future__ import annotations

import copyreg
import hashlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final, cast

from moto.s3.models import FakeKey

from region import private

Reduced = tuple[object, ...]
"""How pickle creates an object again, as `__reduce__` returns it."""

_LEAST_BYTES: Final = 4096
"""Smaller contents stay in the state file."""
_ATTRIBUTE: Final = "region_blob"
"""Of a key: the size and digest of its content, once it has been saved."""
_new = cast("Callable[..., Any]", copyreg.__newobj__)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


class BlobStore:
    """A directory of contents."""

    def __init__(self, directory: Path) -> None:
        """Keep contents in `directory`, which is created with the first one."""
        self._directory = directory

    def read(self, digest: str) -> bytes:
        """Return a content.

        Raises:
            ValueError: The file is not what it was.
        """
        content = (self._directory / digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"the content {digest} of an S3 object does not match its name")
        return content

    def write(self, contents: dict[str, bytes]) -> None:
        """Write contents that are not there yet, and return when they are on the disk."""
        for digest, content in contents.items():
            path = self._directory / digest
            if not path.exists():
                private.directory(self._directory)
                private.write_to_disk(path, content)

    def keep(self, digests: set[str]) -> None:
        """Remove every content but these."""
        if not self._directory.is_dir():
            return
        for path in self._directory.iterdir():
            if path.name not in digests:
                path.unlink(missing_ok=True)

    def empty(self) -> None:
        """Remove every content."""
        self.keep(set())


class References:
    """The contents that one dump refers to, and those of them that are new."""

    def __init__(self) -> None:
        """Begin without any."""
        self.digests: set[str] = set()
        self.new: dict[str, bytes] = {}
        self._keys: list[tuple[FakeKey, tuple[int, str]]] = []

    def written(self) -> None:
        """Note that the new contents are on the disk: the next dump only refers to them."""
        for key, known in self._keys:
            vars(key)[_ATTRIBUTE] = known

    def reduce(self, key: FakeKey) -> Reduced:
        """Reduce an S3 object to its attributes and a reference to its content."""
        known = vars(key).get(_ATTRIBUTE)
        if key.disposed or key.contentsize < _LEAST_BYTES:
            return (_new, (FakeKey,), key.__getstate__())
        if known is None or known[0] != key.contentsize:
            content = key.value
            known = (key.contentsize, hashlib.sha256(content).hexdigest())
            self._keys.append((key, known))
            self.new[known[1]] = content
        self.digests.add(known[1])
        state = {
            name: value
            for name, value in vars(key).items()
            if name not in {"_value_buffer", "lock", _ATTRIBUTE}
        }
        return (_new, (FakeKey,), (state, known), None, None, _restore)


_reading: ContextVar[BlobStore] = ContextVar("_reading")
"""The store of the state that is being loaded: pickle hands its functions no context."""


@contextmanager
def reading(store: BlobStore) -> Generator[None]:
    """Load objects from this store meanwhile."""
    token = _reading.set(store)
    try:
        yield
    finally:
        _reading.reset(token)


def _restore(key: FakeKey, state: tuple[dict[str, Any], tuple[int, str]]) -> None:
    attributes, reference = state
    key.__setstate__({**attributes, "value": _reading.get().read(reference[1])})
    vars(key)[_ATTRIBUTE] = reference
