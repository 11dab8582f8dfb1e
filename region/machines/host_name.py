"""The name of a running machine."""

from __future__ import annotations

import ctypes
import os
import socket
from typing import Final

from region.threads import in_own_thread

_CLONE_NEWUTS: Final = 0x04000000
_libc = ctypes.CDLL(None, use_errno=True)


def set_host_name(pid: int, name: str) -> None:
    """Give the machine in which a process runs another name, until it boots again.

    Raises:
        OSError: The process has ended, or the name is too long.
    """

    def work() -> None:
        # os.setns exists from Python 3.12 on. The thread ends with the namespace that it has joined.
        file = os.open(f"/proc/{pid}/ns/uts", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(file, _CLONE_NEWUTS) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(file)
        socket.sethostname(name)

    in_own_thread(work, "in-uts-namespace")
