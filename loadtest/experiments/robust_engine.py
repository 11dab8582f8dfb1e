"""Contains errors of third-party code in the engine to the activity that caused them.

An activity that raises what the engine does not expect (an answer that breaks off, JSON that is none), or a
value that a tolerance cannot be applied to, would end the whole experiment, and its steady state would look
as if it had never come back. What ends in no time is interrupted.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final, Self

import psutil
from chaoslib import activity, hypothesis, run
from chaoslib.exceptions import ActivityFailed, InterruptExecution
from typing_extensions import override

from commandline.steady_clock import SteadyClock
from loadtest.experiments import deployments_back
from loadtest.experiments.session import Session

POLL_S: Final = 0.2
UNHEARD_S: Final = 30.0
"""After so long whoever does not end is interrupted once more."""
ROLLBACKS_S: Final = deployments_back.AT_MOST_S + 600.0
"""How long the way back may take: deployments take longest, and all else takes minutes."""
ENDING_S: Final = 1.0
left_behind: list[threading.Thread] = []
"""Threads of experiments that were ended, in which something goes on."""
_CARRIED_OUT: Final = activity.run_activity
_JUDGED: Final = hypothesis.within_tolerance


@contextlib.contextmanager
def contained(clock: SteadyClock) -> Generator[None]:
    """Let an activity fail, and a tolerance not be met, by whatever is raised; date them by `clock`.

    The engine has no setting for that, so its functions are replaced meanwhile.
    """
    dates = _dates(clock)
    replaced: list[tuple[Any, str, Any]] = [
        (activity, "datetime", dates),
        (run, "datetime", dates),
        (activity, "run_activity", _run_activity),
        (hypothesis, "run_activity", _run_activity),
        (hypothesis, "within_tolerance", _within_tolerance),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    for module, name, new in replaced:
        setattr(module, name, new)
    try:
        yield
    finally:
        for module, name, old in before:
            setattr(module, name, old)


def _dates(clock: SteadyClock) -> type[datetime]:
    """Return a `datetime` whose present is that of a clock."""

    class Dates(datetime):
        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(clock.seconds(), tz)

    return Dates


def _run_activity(*arguments: Any) -> Any:
    try:
        return _CARRIED_OUT(*arguments)
    except (ActivityFailed, InterruptExecution):
        raise
    except Exception as error:
        # A request, a control's, anybody's.
        raise ActivityFailed(f"{type(error).__name__}: {error}") from error


def _within_tolerance(tolerance: Any, value: Any, **more: Any) -> bool:
    try:
        return bool(_JUDGED(tolerance, value, **more))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        logging.getLogger("chaostoolkit").warning(
            "the tolerance %s cannot be applied to %r: %s", tolerance, value, error
        )
        return False


@contextlib.contextmanager
def ended_in_time(
    session: Session, what: str, at_most_s: float, rolls_back: Callable[[], bool] = bool
) -> Generator[None]:
    """Interrupt the main thread if something takes longer than that, and again if it does not listen.

    So it is where an alarm goes off that is to end the experiment.

    What it left running in other threads cannot be ended; `leave` does.

    Args:
        session: The experiment; it is noted there why it was interrupted.
        what: What takes so long, such as `its method`.
        at_most_s: How long it may take, in seconds.
        rolls_back: Whether the way back has begun, which may take its time.
    """
    done, known, before = threading.Event(), _children(), set(threading.enumerate())
    watch = threading.Thread(
        target=_watch,
        args=(session, what, at_most_s, rolls_back, done),
        name="time-limit",
        daemon=True,
    )
    session.end_commands = partial(_end_children, known)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()
        session.end_commands = None
        if session.stopping.is_set():
            _end_children(known)
            left_behind.extend(
                one for one in threading.enumerate() if one not in before and not one.daemon
            )


def _watch(
    session: Session,
    what: str,
    at_most_s: float,
    rolls_back: Callable[[], bool],
    done: threading.Event,
) -> None:
    due, going_back = time.monotonic() + at_most_s, False
    stopping = False
    while not done.wait(POLL_S):
        now = time.monotonic()
        if rolls_back() and not going_back:
            going_back, due = True, now + ROLLBACKS_S
        elif session.stopping.is_set() and not (stopping or going_back):
            stopping, due = True, now + UNHEARD_S
        if not (stopping or going_back) and ((alarm := session.stop_alarms.reason()) or now >= due):
            session.cut_short = alarm or (
                f"{what} had not ended after {at_most_s:.0f} s, and its load goes on for no longer: give "
                "its actions a timeout, or raise `recovery_s`"
            )
            stopping = True
        elif now < due:
            continue
        due = now + UNHEARD_S
        _interrupt_main_thread()


def _interrupt_main_thread() -> None:
    main = threading.main_thread().ident
    if main is not None:
        signal.pthread_kill(main, signal.SIGINT)


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children())


def _end_children(known: set[psutil.Process]) -> None:
    """Kill what commands of the experiment left running, with all that they started."""
    for child in _children() - known:
        with contextlib.suppress(psutil.Error):
            for one in [*child.children(recursive=True), child]:
                with contextlib.suppress(psutil.Error):
                    one.kill()


def leave(code: int) -> None:
    """End this program at once if a thread was left behind that does not end: Python would wait for it."""
    deadline = time.monotonic() + ENDING_S
    for one in left_behind:
        one.join(max(0.0, deadline - time.monotonic()))
    if any(one.is_alive() for one in left_behind):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)
