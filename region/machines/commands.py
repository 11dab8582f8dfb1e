"""The commands of an instance that its region answers: systemctl, journalctl, shutdown and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from region.machines import power
from region.machines.power import PowerRequest
from region.machines.systemd import systemctl
from region.machines.systemd.journalctl import Logs, journalctl
from region.machines.systemd.manager import ServiceManager

_ASKS: Final = {"off": "shut down", "reboot": "reboot"}


class Commands:
    """Runs such a command for one machine. Thread-safe."""

    def __init__(
        self,
        services: ServiceManager,
        directory: Path,
        console: Callable[[str], None],
        ask: Callable[[PowerRequest], None],
    ) -> None:
        """Work on `services`, and on the logs in `directory`; `ask` gets what the machine wants."""
        self._services = services
        self._directory = directory
        self._console = console
        self._ask = ask

    def run(self, command: str, arguments: Sequence[str]) -> systemctl.Outcome:
        """Run a command by its name."""
        if request := power.requested(command, arguments):
            self._ask(request)
            self._console(f"{command} {' '.join(arguments)}: the instance asks to {_ASKS[request]}")
            return systemctl.Outcome(0)
        if command == "journalctl":
            logs = Logs(self._directory / "log", self._directory / "console.log")
            return journalctl(arguments, logs)
        if command != "systemctl":
            return systemctl.Outcome(1, stderr=f"The local region has no command {command!r}.\n")
        outcome = systemctl.run(self._services, arguments)
        error = outcome.stderr.strip()
        self._console(
            f"systemctl {' '.join(arguments)}: {outcome.status}{f' {error}' if error else ''}"
        )
        return outcome
