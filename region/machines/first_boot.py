"""The first boot of a machine: its user data, run once in its life, as cloud-init does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from region.machines import cloudinit
from region.machines.errors import BootError
from region.machines.inside import write_files
from region.machines.processes import AGENT, Command, ProcessTable
from region.machines.root_file_system import RootFileSystem

_RUNCMD: Final = "/var/lib/cloud/instance/scripts/runcmd"
_LOG_TAIL_BYTES: Final = 2048


@dataclass(frozen=True)
class FirstBoot:
    """Runs the user data of one machine.

    Attributes:
        directory: Where the region keeps the machine's logs, and that its user data has run.
        console: Writes a line to the machine's console log.
        timeout: How long user data may run, in seconds.
    """

    files: RootFileSystem
    processes: ProcessTable
    environment: Callable[[], Mapping[str, str]]
    directory: Path
    console: Callable[[str], None]
    timeout: float

    def run(self, user_data: bytes) -> None:
        """Run the user data unless it has completed before. Blocks.

        Raises:
            CloudConfigError: If the user data is not what the region supports.
            BootError: If a command fails or takes too long.
            MachineError: If the machine is powered off meanwhile.
        """
        marker = self.directory / "user-data-done"
        if marker.exists():
            return
        config = cloudinit.parse(user_data)
        if config.swap:
            self.console(
                f"cloud-init: swap {config.swap.filename} of {config.swap.size} is not created; "
                "the machine's memory limit applies without swap"
            )
        self._write_files(cloudinit.files(config))
        for file in config.write_files:
            self.console(f"cloud-init: wrote {file.path}")
        if config.runcmd:
            self._run_commands(config.script())
        marker.touch()

    def _write_files(self, files: Sequence[Mapping[str, object]]) -> None:
        if files:
            self.files.call(Path(write_files.__file__), {"files": list(files)})

    def _environment(self) -> Mapping[str, str]:
        """Leave out HOME: cloud-init is a service without User=, and systemd gives it none."""
        return {name: value for name, value in self.environment().items() if name != "HOME"}

    def _run_commands(self, text: str) -> None:
        self._write_files([cloudinit.file(_RUNCMD, text.encode(), 0o700)])
        log = self.directory / "log" / "cloud-init.log"
        begin = log.stat().st_size if log.exists() else 0
        process = self.processes.spawn(
            Command(
                argv=["/bin/sh", _RUNCMD],
                group=AGENT,
                environment=self._environment(),
                directory="/",
                log=log,
            )
        )
        try:
            status = process.wait(self.timeout)
        except subprocess.TimeoutExpired as error:
            raise BootError(
                f"user data ran for more than {self.timeout:g} s; look at {log}."
            ) from error
        self.processes.confine(AGENT)
        output = log.read_bytes()[begin:].decode(errors="replace")
        self.console(f"cloud-init: runcmd ended with status {status}\n{output}")
        if status != 0:
            last = output[-_LOG_TAIL_BYTES:].strip().splitlines()
            raise BootError(
                f"user data's runcmd ended with status {status}: {last[-1] if last else 'silent'}."
            )
