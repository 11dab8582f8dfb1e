"""The commands of an instance that its region answers: systemctl, journalctl, shutdown and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from region.machines import power
from region.machines.errors import MachineError
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
        rename: Callable[[str], None],
    ) -> None:
        """Work on `services`, and on the logs in `directory`.

        Args:
            services: The machine's units.
            directory: Has its logs.
            console: Gets what the machine asks for.
            ask: Gets its wish to shut down or reboot.
            rename: Gives it another name.
        """
        self._services = services
        self._directory = directory
        self._console = console
        self._ask = ask
        self._rename = rename

    def run(self, command: str, arguments: Sequence[str]) -> systemctl.Outcome:
        """Run a command by its name."""
        if request := power.requested(command, arguments):
            self._ask(request)
            self._console(f"{command} {' '.join(arguments)}: the instance asks to {_ASKS[request]}")
            return systemctl.Outcome(0)
        if command == "hostnamectl" and len(arguments) == 2:
            return self._set_name(arguments[1])
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

    def _set_name(self, name: str) -> systemctl.Outcome:
        try:
            self._rename(name)
        except (OSError, MachineError) as error:
            return systemctl.Outcome(1, stderr=f"Could not set property: {error}\n")
        self._console(f"hostnamectl set-hostname {name}")
        return systemctl.Outcome(0)
