"""One stack begins; the others follow with its release, or when it ended without one."""

from __future__ import annotations

import io
import threading
from collections.abc import Generator

import pytest
from rich.console import Console

from rehearsal.display import StageProgress
from rehearsal.engine_events import Event, Message, OnEvent
from rehearsal.head_start import HeadStart


def message(text: str) -> Message:
    return Message(text=text, severity="info", resource=None, ephemeral=False)


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
    with head_start.coming_up("ha", progress) as on_event:
        on_event(message("Monthly cost: about 99.70 USD"))
        assert not other.began.wait(0.05)
        on_event(message("deployment d-1 InProgress: 6 Pending"))
        assert other.began.wait(5)


def test_the_others_begin_when_it_ended_without_a_release(
    head_start: HeadStart, other: Other, progress: StageProgress
) -> None:
    def fail(on_event: OnEvent) -> None:
        on_event(message("error"))
        assert not other.began.wait(0.05)
        raise RuntimeError

    with (
        pytest.raises(RuntimeError),
        head_start.coming_up("ha", progress) as on_event,
    ):
        fail(on_event)
    assert other.began.wait(5)


def test_events_are_passed_on(head_start: HeadStart) -> None:
    seen: list[Event] = []

    class Seeing(StageProgress):
        def __call__(self, event: Event) -> None:
            seen.append(event)

    with head_start.coming_up("ha", Seeing(Console(file=io.StringIO()))) as on_event:
        on_event(message("one"))
    assert seen == [message("one")]
