"""Child processes that can be ended from another thread, gracefully and with all their descendants."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import psutil

INTERRUPT_GRACE_S = 20.0
"""After a Ctrl-C the engine gets this long to write its state and end."""


class Interrupted(Exception):  # noqa: N818 - not an error of its own: whoever interrupts knows why
    """No further process may start."""


class Processes:
    """The processes of one job, which may have several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._interrupted = False

    @contextlib.contextmanager
    def started(
        self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: Any
    ) -> Generator[subprocess.Popen[str]]:
        """Start a command, and end it if it is still running on the way out.

        Its standard output and error are one text stream.

        Raises:
            Interrupted: `interrupt` was called.
        """
        with self._lock:
            if self._interrupted:
                raise Interrupted
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # Ctrl-C must not reach the engine twice: it treats the second as "stop at once".
                start_new_session=True,
            )
            self._running.add(process)
        try:
            yield process
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called: what fails now was ended, and is no cause."""
        with self._lock:
            return self._interrupted

    def interrupt(self) -> None:
        """End all of them, side by side, and let no other start."""
        with self._lock:
            self._interrupted = True
            running = tuple(self._running)
        if running:
            with futures.ThreadPoolExecutor(len(running)) as pool:
                list(pool.map(_end, running))


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and everything it started: gracefully at first, so that it writes its state."""
    if process.poll() is not None:
        return
    # Plugins, the program and what its hook started are in process groups of their own.
    family = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(INTERRUPT_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _, alive = psutil.wait_procs(family, timeout=1)
    for child in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    _, stubborn = psutil.wait_procs(alive, timeout=INTERRUPT_GRACE_S)
    for child in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
