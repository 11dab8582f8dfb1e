from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

from region import heap
from toolchain import paths

FREED = """
import sys
from pathlib import Path
from region import heap

if sys.argv[1] == "small":
    heap.keep_small()

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

before = resident()
bytearray(30_000_000)  # by default, blocks up to this size come from the heap from now on
large = bytearray(b"x" * 20_000_000)
after = bytearray(b"x" * 1000)  # keeps the end of the heap where it is
del large
print(resident() - before)
"""


def kept(how: str) -> float:
    """Return the MB that a process keeps after it has freed what it took."""
    done = subprocess.run(
        [sys.executable, "-c", FREED, how],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def test_freed_memory_is_returned():
    """Needs glibc, as every supported computer has it."""
    assert kept("small") < 3
    assert kept("plain") > 10


class Node:
    """Is garbage as soon as nobody else holds it, and only a collection finds that."""

    def __init__(self) -> None:
        self.itself = self


def test_a_start_is_not_interrupted_by_collections_and_leaves_no_garbage():
    with heap.uncollected():
        assert not gc.isenabled()
        left = weakref.ref(Node())
        assert left()
    assert gc.isenabled()
    assert left() is None


def test_a_start_that_fails_leaves_the_collector_on():
    with pytest.raises(OSError, match="no port"), heap.uncollected():
        raise OSError("no port")
    assert gc.isenabled()
