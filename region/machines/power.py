"""What an instance asks for itself: to shut down or to reboot, by the commands that a system has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

PowerRequest = Literal["", "off", "reboot"]
COMMANDS = ("shutdown", "poweroff", "halt", "reboot")


def requested(command: str, arguments: Sequence[str]) -> PowerRequest:
    """Return what a command asks for; nothing if it is another one, or only cancels or announces.

    `systemctl` is asked like the others: `systemctl poweroff`. A time given to `shutdown` is not waited
    for: EC2's own documents use `shutdown -h now`.
    """
    if command == "systemctl":
        words = [word for word in arguments if not word.startswith("-")]
        if len(words) != 1 or words[0] not in COMMANDS:
            return ""
        command = words[0]
    if command not in COMMANDS or {"-c", "-k", "--help", "--show"} & set(arguments):
        return ""
    if command == "reboot":
        return "reboot"
    restarts = command == "shutdown" and {"-r", "--reboot"} & set(arguments)
    return "reboot" if restarts else "off"
