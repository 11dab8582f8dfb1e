"""The directory that holds prepared images: everything in it is complete, or has another name."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from region import locks
from region.machines.images.errors import ImageError
from region.machines.inside.files import remove_tree
from region.rootless import OF_THE_HOST

_PART = ".part-"


def default() -> Path:
    """Return the user's own cache directory for images."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path is invalid and to be ignored, says the XDG base directory specification.
    home = Path(base) if base.startswith("/") else Path("~/.cache").expanduser()
    return home / "haproof" / "images"


@contextmanager
def locked(cache: Path) -> Generator[None]:
    """Let one process at a time prepare something; the kernel unlocks it however it ends."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not OF_THE_HOST:
            # A set-user-ID program of an instance's root is one of this user's here.
            cache.chmod(0o700)
        file = locks.opened(cache / "lock")
    except OSError as error:
        raise ImageError(
            f"Images cannot be prepared in {cache} ({error.strerror}); set XDG_CACHE_HOME to a "
            "directory that you may write."
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepared(target: Path, cache: Path, prepare: Callable[[Path], None]) -> Path:
    """Return the directory `target`, which `prepare` fills the first time.

    Args:
        target: A directory below `cache`, whose name says what it contains.
        cache: The cache directory.
        prepare: Fills an empty directory. If it fails, nothing stays.
    """
    if target.is_dir():
        return target
    with locked(cache):
        if target.is_dir():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f"{_PART}*"):
            remove_tree(left, ignore_errors=True)  # Of a process that was killed; it held the lock.
        part = Path(tempfile.mkdtemp(prefix=_PART, dir=target.parent))
        try:
            prepare(part)
            part.chmod(0o755)
            part.rename(target)
        except BaseException:
            remove_tree(part, ignore_errors=True)
            raise
    return target
