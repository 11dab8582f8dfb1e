"""A process that is not our child, followed through a pidfd.

Since Linux 6.15 the kernel says how it ended (PIDFD_GET_INFO, PIDFD_INFO_EXIT).
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
from contextlib import suppress
from pathlib import Path
from typing import Final

UNKNOWN: Final = 256
"""Stands for an end whose status the kernel does not report."""
# struct pidfd_info of <linux/pidfd.h>, first version: mask first, wait status last, 64 bytes.
_INFO_BYTES: Final = 64
_EXIT_CODE_OFFSET: Final = 60
_PIDFD_GET_INFO: Final = (3 << 30) | (_INFO_BYTES << 16) | (0xFF << 8) | 11
_PIDFD_INFO_EXIT: Final = 1 << 3
# The kernel knows the status once the init has reaped the process, which it does at once.
_REAPED_SECONDS: Final = 1.0


class FollowedProcess:
    """A process that is not our child, as a `Process`. Thread-safe."""

    def __init__(self, pid: int, started: int | None = None) -> None:
        """Follow the process with this id on the host.

        Args:
            pid: The process.
            started: When it started, in clock ticks since boot: another process may have its id now.

        Raises:
            ProcessLookupError: If it has ended already.
        """
        self.pid = pid
        self._lock = threading.Lock()
        self._descriptor = os.pidfd_open(pid)
        self._status: int | None = None
        # Only now: the descriptor stands for one process, whatever becomes of the number.
        if started is not None and start_ticks(pid) != started:
            raise ProcessLookupError(f"process {pid} has ended")

    @property
    def returncode(self) -> int | None:
        """The exit status as the last `poll` or `wait` has found it."""
        return self._status

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
                # An older kernel does not know this ioctl.
                return UNKNOWN
            if struct.unpack_from("=Q", answer)[0] & _PIDFD_INFO_EXIT:
                return os.waitstatus_to_exitcode(
                    struct.unpack_from("=i", answer, _EXIT_CODE_OFFSET)[0]
                )
            if time.monotonic() > deadline:
                return UNKNOWN
            time.sleep(0.005)


def start_ticks(pid: int) -> int:
    """Return when a process started: clock ticks since boot, field 22 of /proc/PID/stat.

    Raises:
        ProcessLookupError: If it has ended, even if nobody has waited for it yet.
    """
    try:
        # The name of the program, in parentheses, may hold anything.
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        fields = stat.rpartition(")")[2].split()
        if fields[0] not in "ZX":
            return int(fields[19])
    except (OSError, ValueError, IndexError):
        pass
    raise ProcessLookupError(f"process {pid} has ended")


def boot_id() -> str:
    """Return the id of this boot of the computer: process ids and ticks mean nothing in another."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def start_of(pid: int) -> str:
    """Return when a process started: the boot of the computer, and clock ticks since then.

    Two processes with the same number differ in it, and setting the computer's clock does not change it.

    Raises:
        ProcessLookupError: If it has ended.
    """
    return f"{boot_id()} {start_ticks(pid)}"
