"""One stack begins; the others follow with its release, or when it ended without one."""

from __future__ import annotations

import io
import threading
from collections.abc import Generator

import pytest
from rich.console import Console

from rehearsal.display import StageProgress
from rehearsal.head_start import HeadStart


@pytest.fixture
def progress() -> StageProgress:
    return StageProgress(Console(file=io.StringIO()))


class Other:
    """Another stack, which waits in a thread of its own."""

    def __init__(self, head_start: HeadStart, progress: StageProgress) -> None:
        self.began = threading.Event()
        self._arguments = (head_start, progress)
        self.thread = threading.Thread(target=self._come_up)
        self.thread.start()

    def _come_up(self) -> None:
        head_start, progress = self._arguments
        with head_start.coming_up("single", progress):
            self.began.set()


@pytest.fixture
def head_start() -> HeadStart:
    return HeadStart("ha")


@pytest.fixture
def other(head_start: HeadStart, progress: StageProgress) -> Generator[Other]:
    other = Other(head_start, progress)
    yield other
    with head_start.coming_up("ha", progress):
        pass
    other.thread.join()


def test_the_others_begin_with_the_release(
    head_start: HeadStart, other: Other, progress: StageProgress
) -> None:
    with head_start.coming_up("ha", progress):
        head_start.release_begins("single")
        assert not other.began.wait(0.05)
        head_start.release_begins("ha")
        assert other.began.wait(5)


def test_the_others_begin_when_it_ended_without_a_release(
    head_start: HeadStart, other: Other, progress: StageProgress
) -> None:
    def fail() -> None:
        assert not other.began.wait(0.05)
        raise RuntimeError

    with pytest.raises(RuntimeError), head_start.coming_up("ha", progress):
        fail()
    assert other.began.wait(5)
