"""The main process of a service that forks: found by PID file or guessed, and followed.

It is a child of the machine's init, not of the region. How it ended is therefore asked of the
kernel through its pidfd, which knows since Linux 6.15 (PIDFD_GET_INFO, PIDFD_INFO_EXIT).
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from region.machines.systemd.exit_status import UNKNOWN

# struct pidfd_info of <linux/pidfd.h>, first version: mask first, wait status last, 64 bytes.
_INFO_BYTES: Final = 64
_EXIT_CODE_OFFSET: Final = 60
_PIDFD_GET_INFO: Final = (3 << 30) | (_INFO_BYTES << 16) | (0xFF << 8) | 11
_PIDFD_INFO_EXIT: Final = 1 << 3
# The kernel knows the status once the init has reaped the process, which it does at once.
_REAPED_SECONDS: Final = 1.0


class FollowedProcess:
    """A process that is not our child, as a `Process`. Thread-safe."""

    def __init__(self, pid: int) -> None:
        """Follow the process with this id on the host.

        Raises:
            ProcessLookupError: If it has ended already.
        """
        self.pid = pid
        self._lock = threading.Lock()
        self._descriptor = os.pidfd_open(pid)
        self._status: int | None = None

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._descriptor)

    def poll(self) -> int | None:
        """Return its exit status, negative for a signal; None while it runs."""
        with self._lock:
            if self._status is None and self._ended(0.0):
                self._status = self._ask_status()
            return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired after `timeout` seconds."""
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        status = self.poll()
        return UNKNOWN if status is None else status

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._descriptor, number)

    def _ended(self, seconds: float | None) -> bool:
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        return bool(poller.poll(None if seconds is None else seconds * 1000))

    def _ask_status(self) -> int:
        deadline = time.monotonic() + _REAPED_SECONDS
        while True:
            answer = bytearray(_INFO_BYTES)
            struct.pack_into("=Q", answer, 0, _PIDFD_INFO_EXIT)
            try:
                fcntl.ioctl(self._descriptor, _PIDFD_GET_INFO, answer)
            except ProcessLookupError:
                return UNKNOWN
            except OSError:
                # An older kernel knows the question not at all.
                return UNKNOWN
            if struct.unpack_from("=Q", answer)[0] & _PIDFD_INFO_EXIT:
                return os.waitstatus_to_exitcode(
                    struct.unpack_from("=i", answer, _EXIT_CODE_OFFSET)[0]
                )
            if time.monotonic() > deadline:
                return UNKNOWN
            time.sleep(0.005)


def number_in_machine(pid: int) -> int:
    """Return a process's id as its machine sees it; 0 if it has ended."""
    words = _status(pid).get("NSpid", "").split()
    return int(words[-1]) if words else 0


def find(number: int, pids: Iterable[int]) -> FollowedProcess | None:
    """Return the process of `pids`, ids of the host, that the machine knows as `number`."""
    for pid in pids:
        if number_in_machine(pid) == number:
            with suppress(ProcessLookupError):
                return FollowedProcess(pid)
    return None


def guess(pids: set[int]) -> FollowedProcess | None:
    """Return the only process of `pids` whose parent is none of them; None if there are more."""
    oldest = [pid for pid in pids if _parent(pid) not in pids]
    if len(oldest) == 1:
        with suppress(ProcessLookupError):
            return FollowedProcess(oldest[0])
    return None


def _parent(pid: int) -> int:
    return int(_status(pid).get("PPid", "0"))


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    return {name: text.strip() for name, _, text in (line.partition(":") for line in lines)}


def command_line(pid: int) -> list[str]:
    """Return the arguments of a process; none if it has ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="surrogateescape").split("\0")[:-1]
