"""How a process ended, in systemd's terms, and what that means for its service."""

from __future__ import annotations

import signal
from typing import Final

from region.machines.systemd.unit import Unit
from region.takeover.followed import UNKNOWN

# Signals that systemd counts as a clean exit of a service.
_CLEAN_SIGNALS: Final = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE})
_ABORTS: Final = frozenset(
    {signal.SIGABRT, signal.SIGSEGV, signal.SIGILL, signal.SIGFPE, signal.SIGBUS, signal.SIGQUIT,
     signal.SIGSYS, signal.SIGTRAP, signal.SIGXCPU, signal.SIGXFSZ}
)  # fmt: skip
_REASONS: Final = {126: " (not executable)", 127: " (command not found)"}


def is_clean(unit: Unit, status: int, *, daemon: bool = True) -> bool:
    """Return whether a process that ended with `status` was successful.

    A `daemon` may also end by the signals that ask it to; a command that runs to its end may not.
    """
    if status in unit.success_exit_status:
        return True
    return daemon and status < 0 and -status in _CLEAN_SIGNALS


def wants_restart(unit: Unit, status: int) -> bool:
    """Return whether Restart= asks for a restart after this end (systemd.service(5), table 1)."""
    if status in unit.restart_prevent:
        return False
    if status in unit.restart_force:
        return True
    clean = is_clean(unit, status)
    number = -status if status < 0 else 0
    return {
        "always": True,
        "no": False,
        "on-success": clean,
        "on-failure": not clean,
        "on-abnormal": number > 0 and not clean,
        "on-abort": number in _ABORTS,
    }[unit.restart]


def describe(status: int) -> str:
    """Say how a main process ended."""
    if status == UNKNOWN:
        return "main process ended (this computer's kernel does not tell how)"
    if status < 0:
        return f"main process killed by {_signal_name(-status)}"
    return f"main process exited with status {status}{_REASONS.get(status, '')}"


def code(status: int) -> str:
    """Return how a process ended, as $EXIT_CODE has it."""
    if status >= 0:
        return "exited"
    return "dumped" if -status in _ABORTS else "killed"


def value(status: int) -> str:
    """Return with what a process ended, as $EXIT_STATUS has it."""
    return str(status) if status >= 0 else _signal_name(-status).removeprefix("SIG")


def result(status: int) -> str:
    """Return Result= of a service whose main process failed with `status`."""
    return {"exited": "exit-code", "killed": "signal", "dumped": "core-dump"}[code(status)]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
