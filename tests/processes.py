"""What tests ask of processes that may end at any moment."""

from __future__ import annotations

import psutil


def command_of(process: psutil.Process) -> list[str]:
    """Return a process's command; nothing for one that has ended, reaped or not.

    psutil raises for those, and among the children of a test's process there are some
    that an earlier test left to be reaped.
    """
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
