"""Acting with the user id of another process: what version 1 of control groups asks for.

Only the computer's root may move any process between groups of version 1. The root of a user
namespace may move those whose user id it has itself.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from region.threads import Result, in_own_thread

_PR_SET_SECUREBITS: Final = 28
_KEEP_CAPABILITIES: Final = 0x04  # SECBIT_NO_SETUID_FIXUP
_UNCHANGED: Final = -1

_libc = ctypes.CDLL(None, use_errno=True)


def as_owner_of(pid: int, work: Callable[[], Result]) -> Result:
    """Call `work` with the effective user id of process `pid` and all capabilities of this process.

    It is called in a thread of its own, the only one that changes its user.

    Raises:
        ProcessLookupError: The process has ended.
        PermissionError: This process may not change its user id. Errors of `work` come through.
    """

    def as_owner() -> Result:
        _become(_effective_user(pid))
        return work()

    return in_own_thread(as_owner, "as-owner")


def _effective_user(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise ProcessLookupError(f"process {pid} has ended") from error
    return next(int(line.split()[2]) for line in lines if line.startswith("Uid:"))


def _become(user: int) -> None:
    # The system call itself: the C library's function would change the user of all threads.
    number = _SETRESUID[os.uname().machine]
    if _libc.prctl(_PR_SET_SECUREBITS, _KEEP_CAPABILITIES, 0, 0, 0) or _libc.syscall(
        number, _UNCHANGED, user, _UNCHANGED
    ):
        code = ctypes.get_errno()
        raise PermissionError(code, os.strerror(code))


_SETRESUID: Final = {"x86_64": 117, "aarch64": 147}
