"""The processes of one machine: started by the launcher, found and ended by control group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from region.machines.cgroups import Limits
from region.machines.disk import Disk
from region.machines.errors import MachineError
from region.machines.namespace import launch_command

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Command:
    """A program to start in a machine.

    Attributes:
        group: Relative to the machine's own control group.
        environment: The complete environment: nothing is inherited.
        directory: A path as the machine sees it.
        log: Where standard output and error are appended, on the host.
    """

    argv: Sequence[str]
    group: str
    environment: Mapping[str, str]
    directory: str
    log: Path


class ProcessTable:
    """Starts and ends the processes of one machine. Thread-safe."""

    def __init__(self, limits: Limits, prefix: str, disk: Disk) -> None:
        """Use the control group `prefix`, which must exist before the first start."""
        self._limits = limits
        self._prefix = prefix
        self._disk = disk
        self._lock = threading.Lock()
        self._powered = False
        self._started: set[Process] = set()

    def power_on(self) -> None:
        """Allow processes to start."""
        with self._lock:
            self._powered = True

    @property
    def powered(self) -> bool:
        """Whether processes may start."""
        return self._powered

    def group(self, name: str) -> str:
        """Return the full name of one of the machine's control groups; "" is its own."""
        return f"{self._prefix}/{name}" if name else self._prefix

    def spawn(self, command: Command) -> Process:
        """Start a process in a session of its own and return once it is in its group.

        Raises:
            MachineError: If the machine is off or the command cannot be started.
        """
        with self._lock:
            if not self._powered:
                raise MachineError(
                    f"Cannot start {command.argv[0]!r}: the machine is off; boot it first."
                )
            group = self.group(command.group)
            self._limits.create(group)
            process = self._popen(command, group)
            # The launcher joins by itself; doing it here as well means that the process is in its
            # group, where `kill` looks for it, when this returns.
            self._limits.add(group, process.pid)
            self._started = {known for known in self._started if known.poll() is None}
            self._started.add(process)
            return process

    def _popen(self, command: Command, group: str) -> Process:
        argv = launch_command(
            self._disk, self._limits.procs_files(group), command.directory, command.argv
        )
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log:
            try:
                return subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(command.environment),
                    cwd="/",
                    start_new_session=True,
                    close_fds=True,
                )
            except OSError as error:
                raise MachineError(f"Cannot start {command.argv[0]!r}: {error}.") from error

    def pids(self, group: str) -> set[int]:
        """Return the ids of the processes in one of the machine's groups."""
        return self._limits.pids(self.group(group))

    def signal(self, group: str, number: signal.Signals) -> None:
        """Send a signal to every process of one of the machine's groups."""
        self._limits.signal(self.group(group), number)

    def kill(self, group: str) -> None:
        """SIGKILL every process of one of the machine's groups; the group stays."""
        self._limits.kill(self.group(group))

    def power_off(self) -> None:
        """End every process of the machine at once and remove its control groups."""
        with self._lock:
            self._powered = False
            started, self._started = self._started, set()
        for process in started:
            kill_session(process)
        self._limits.remove(self._prefix)
        for process in started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)


def kill_session(process: Process) -> None:
    """SIGKILL the process group of a started process, unless it has been reaped already."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
