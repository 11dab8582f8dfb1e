"""Ctrl-C and SIGTERM while an experiment runs."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Generator
from types import FrameType

from loadtest.experiments.session import Session

TWICE_S = 1.0
"""Whoever presses Ctrl-C again that soon means the same; and a shell and a supervisor may both send one."""


@contextlib.contextmanager
def interruptible(session: Session) -> Generator[None]:
    """Let Ctrl-C and SIGTERM end the experiment, actions that run in other threads included.

    Ctrl-Z does nothing.
    """
    ours = handler(session)
    before = {number: signal.signal(number, ours) for number in (signal.SIGINT, signal.SIGTERM)}
    # Whoever presses Ctrl-Z would stop who puts the faults back, and the faults would go on.
    before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextlib.contextmanager
def held() -> Generator[None]:
    """Let Ctrl-C and SIGTERM wait until what came of an experiment is saved; the second one does not wait.

    Raises:
        KeyboardInterrupt: One came meanwhile.
    """
    came = list[int]()

    def wait(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, wait) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
    if came:
        raise KeyboardInterrupt


def handler(session: Session) -> Callable[[int, FrameType | None], None]:
    """Return a handler of signals that ends an experiment; one that follows at once ends no way back."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        again, session.interrupted_at = session.interrupted_at + TWICE_S > now, now
        session.interrupted |= not session.cut_short
        session.stopping.set()
        if session.end_commands is not None:
            session.end_commands()
        if not again:
            raise KeyboardInterrupt

    return interrupt
