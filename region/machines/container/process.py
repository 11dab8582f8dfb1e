"""A process that runc started: not our child at first, but ours to wait for."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from region.machines.errors import MachineError
from region.usage import process_cpu

_PR_SET_CHILD_SUBREAPER: Final = 36
# The exit status of a process that somebody else waited for.
_LOST: Final = 255


class _Subreaper:
    """Makes this process the parent of descendants whose own parent ends, while it is held.

    `runc exec --detach` ends as soon as the process runs in its container; without this the host's
    init would inherit the process, and its exit status. It is not held all the time: what else is
    orphaned then would become a zombie of ours that nobody waits for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0

    def __enter__(self) -> None:
        with self._lock:
            self._holders += 1
            if self._holders == 1:
                _set_subreaper(1)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if self._holders == 0:
                _set_subreaper(0)


adopting_orphans: Final = _Subreaper()
"""Held while a command of runc runs that leaves a process behind."""


def _set_subreaper(value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise MachineError(f"prctl(PR_SET_CHILD_SUBREAPER) failed: {os.strerror(code)}.")


def pid_namespace(pid: int) -> int | None:
    """Return what tells a process's PID namespace from others; None if the process is gone."""
    try:
        return Path(f"/proc/{pid}/ns/pid").stat().st_ino
    except OSError:
        return None


def reap_orphans(namespace: int, *, but: int = 0) -> list[int]:
    """Reap our children that have ended in a PID namespace, except `but`, and return their ids.

    To be called when nothing waits for any of them: a process that its own parent has left to us before
    that could tell its id. Until it is reaped the namespace's first process does not end.
    """
    reaped: list[int] = []
    for child in psutil.Process().children():
        # Also of a process that has ended; not of one whose id belongs to somebody else meanwhile.
        if child.pid != but and pid_namespace(child.pid) == namespace:
            with suppress(ChildProcessError):
                if os.waitpid(child.pid, os.WNOHANG)[0]:
                    reaped.append(child.pid)
    return reaped


class AdoptedProcess:
    """A process of a container, by its id on the host. Thread-safe; waits as `Popen` does."""

    def __init__(self, pid: int) -> None:
        """Adopt the process `pid`, whose parent has ended or will end at once."""
        self.pid = pid
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal, or None while it runs."""
        with self._lock:
            if self.returncode is None:
                self._reap()
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status as `poll` does.

        Raises:
            subprocess.TimeoutExpired: If it runs on after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            self._await_end(left)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the process has ended."""
        with suppress(ProcessLookupError):
            self._signal(number)

    def _signal(self, number: signal.Signals) -> None:
        with self._lock:
            if self.returncode is None:
                signal.pidfd_send_signal(self._descriptor, number)

    def _await_end(self, seconds: float | None) -> None:
        poller = select.poll()
        with self._lock:
            if self.returncode is not None:
                return
            descriptor = os.dup(self._descriptor)
        try:
            poller.register(descriptor, select.POLLIN)
            poller.poll(None if seconds is None else seconds * 1000)
        finally:
            os.close(descriptor)

    def _is_gone(self) -> bool:
        """Return whether the process no longer exists, not even as a zombie."""
        try:
            signal.pidfd_send_signal(self._descriptor, 0)
        except ProcessLookupError:
            return True
        return False

    def _reap(self) -> None:
        """Take the exit status if there is one; the caller holds the lock."""
        try:
            # Until it is reaped nobody else has its id.
            ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PIDFD, self._descriptor, ended) is None:
                return
            _, status, used = os.wait4(self.pid, 0)
        except ChildProcessError:
            if self._is_gone():
                self.returncode = _LOST
            else:
                # Its starter has not ended yet, so it is not ours yet.
                time.sleep(0.001)
            return
        process_cpu.leave_out(used.ru_utime + used.ru_stime)
        self.returncode = os.waitstatus_to_exitcode(status)
        os.close(self._descriptor)
