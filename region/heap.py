"""How the region's process gets memory from the kernel, and gives it back."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

# malloc.h of glibc
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE_BYTES: Final = 128 * 1024


def keep_small() -> None:
    """Let glibc return what is freed. Call it before there is a second thread.

    By default each thread gets memory from an arena of its own, and glibc keeps more for itself the
    larger the blocks were that were freed: with a saved state of megabytes, twenty threads and bursts
    of work that is a hundred megabytes. Python's lock lets one thread at a time allocate anyway.
    Does nothing where the C library is another one.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        # A threshold that is set no longer grows.
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _LARGE_BYTES)


@contextmanager
def uncollected() -> Generator[None]:
    """Search no garbage meanwhile, and search it once at the end.

    Two thousand modules are imported at a region's start. What they make stays, and the collector would
    look through all of it again and again: a fifth of the imports' CPU time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
