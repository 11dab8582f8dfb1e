"""The processes of one machine: started in its container, found and ended by control group."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from region.machines.cgroups import Limits
from region.machines.container.oci import ROOT, User
from region.machines.container.process import AdoptedProcess, pid_namespace, reap_orphans
from region.machines.container.runtime import Runtime
from region.machines.errors import MachineError

# The control groups of a machine, below its own. runc puts every process into the first one.
ENTRY: Final = "machine"
SERVICES: Final = "services"
# What deployments do on the machine, by scripts and by the region in the agent's place.
WORK: Final = "agent"
AGENT: Final = f"{WORK}/scripts"
SESSIONS: Final = f"{SERVICES}/sessions"
# The region's own processes that work on the machine's files.
HELPERS: Final = f"{WORK}/helpers"
_REAP_SECONDS: Final = 5.0
_INIT_SECONDS: Final = 0.5
"""How long a container's first process may take to end once all others have been reaped: no time at all."""
_STARTING_SECONDS: Final = 10.0
"""How long a power-off waits for what was being started, which takes some 50 ms."""
# Scores for the kernel's OOM killer. Sparing a process takes CAP_SYS_RESOURCE, preferring one does
# not: a region that lacks it lets the OOM killer prefer all other processes of a machine.
_SPARED: Final = -1000
_PREFERRED: Final = 300


class Process(Protocol):
    """A started process."""

    @property
    def pid(self) -> int:
        """Its process id on the host."""
        ...

    def poll(self) -> int | None:
        """Return its exit status, negative for a signal; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired after `timeout` seconds."""
        ...

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has ended."""
        ...


@dataclass(frozen=True)
class Command:
    """A program to start in a machine.

    Attributes:
        group: Relative to the machine's own control group.
        environment: The complete environment: nothing is inherited.
        directory: A path as the machine sees it.
        log: Where standard output and error are appended, on the host.
        user: Who runs it.
        errors: Where standard error is appended instead, on the host.
    """

    argv: Sequence[str]
    group: str
    environment: Mapping[str, str]
    directory: str
    log: Path
    user: User = ROOT
    errors: Path | None = None


class ProcessTable:
    """Starts and ends the processes of one machine. Thread-safe."""

    def __init__(self, limits: Limits, prefix: str, runtime: Runtime, container: str) -> None:
        """Use the control group `prefix` and the container `container`, which both come later."""
        self._limits = limits
        self._prefix = prefix
        self._runtime = runtime
        self._container = container
        self._lock = threading.Condition(threading.Lock())
        self._starting = 0
        self._powered = False
        self._init: Process | None = None
        self._namespace: int | None = None
        self._init_is_spared = False
        self._inherited = False
        self._started: set[Process] = set()

    def power_on(self, create: Callable[[], int]) -> AdoptedProcess:
        """Create the container by `create`, allow processes to start, return its first process."""
        with self._lock:
            init = AdoptedProcess(create())
            self._init, self._inherited = init, False
            self._namespace = pid_namespace(init.pid)
            self._started.clear()
            # As systemd is: the kernel's OOM killer takes something else.
            self._init_is_spared = _set_oom_score(init.pid, _SPARED)
            self._powered = True
            return init

    def take_over(self, init: Process) -> None:
        """Go on with a container that a dead region has started, whose first process is `init`.

        What that region was doing in it itself ends: scripts of agents, helpers.
        """
        with self._lock:
            self._init, self._inherited = init, True
            self._namespace = pid_namespace(init.pid)
            self._started.clear()
            self._init_is_spared = _oom_score(init.pid) == _SPARED
            self._limits.kill(self.group(WORK))
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
            self._starting += 1
        try:
            return self._start(command)
        finally:
            with self._lock:
                self._starting -= 1
                self._lock.notify_all()

    def _start(self, command: Command) -> Process:
        group = self.group(command.group)
        command.log.parent.mkdir(parents=True, exist_ok=True)
        waits, go = os.pipe()
        try:
            process = self._runtime.execute(
                self._container,
                command.argv,
                command.environment,
                directory=command.directory,
                user=command.user,
                log=command.log,
                gate=waits,
                errors=command.errors,
            )
            with self._lock:
                self._started = {known for known in self._started if known.poll() is None}
                self._started.add(process)
                if self._powered:
                    if not self._init_is_spared:
                        _set_oom_score(process.pid, _PREFERRED)
                    self._limits.create(group)
                    self._limits.add(group, process.pid)
                    os.write(go, b"\n")
        finally:
            os.close(waits)
            os.close(go)
        return process

    def admit_helper(self, pid: int) -> None:
        """Put a process of the region that works for the machine into the machine's groups.

        Raises:
            MachineError: If the machine is off.
        """
        with self._lock:
            if not self._powered:
                raise MachineError("The machine is off, so its files are out of reach.")
            group = self.group(HELPERS)
            self._limits.create(group)
            self._limits.add(group, pid)

    def pids(self, group: str) -> set[int]:
        """Return the ids of the processes in one of the machine's groups."""
        return self._limits.pids(self.group(group))

    def signal(self, group: str, number: signal.Signals) -> None:
        """Send a signal to every process of one of the machine's groups."""
        self._limits.signal(self.group(group), number)

    def kill(self, group: str) -> None:
        """SIGKILL every process of one of the machine's groups; the group stays."""
        self._limits.kill(self.group(group))

    def confine(self, group: str, *, but: int = 0) -> None:
        """Move what runs in one of the machine's groups to those that the CPU limit holds for.

        The process `but` stays where it is.
        """
        with self._lock:
            if self._powered and (pids := self.pids(group) - {but}):
                sessions = self.group(SESSIONS)
                self._limits.create(sessions)
                for pid in pids:
                    self._limits.add(sessions, pid)

    def power_off(self) -> None:
        """End every process of the machine at once and remove its container and groups."""
        with self._lock:
            self._powered = False
            self._limits.kill(self._prefix)
            # What was being started belongs to the container too, and only its starter can reap it.
            self._lock.wait_for(lambda: self._starting == 0, _STARTING_SECONDS)
            self._limits.kill(self._prefix)
            for process in self._started:
                _await_end(process, _REAP_SECONDS)
            self._started.clear()
            if self._all_has_ended() and not self._inherited:
                self._runtime.delete(self._container)
            else:
                self._runtime.forget(self._container)
            self._init = self._namespace = None
            self._limits.remove(self._prefix)

    def _all_has_ended(self) -> bool:
        """Return whether the container's first process is gone, which the kernel ends last.

        It waits until all others have been reaped, also those whose starter ended before it could say
        that they exist, as a `runc exec` does that a power-off has hit.
        """
        if self._init is None or _await_end(self._init, _INIT_SECONDS):
            return True
        if self._namespace is not None:
            reap_orphans(self._namespace, but=self._init.pid)
        return _await_end(self._init, _REAP_SECONDS)


def _await_end(process: Process, seconds: float) -> bool:
    """Reap a process that has been killed; return whether it has ended within `seconds`."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _oom_score(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())
    except (OSError, ValueError):
        return 0


def _set_oom_score(pid: int, score: int) -> bool:
    try:
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(score))
    except OSError:
        return False
    return True


def end(process: Process, grace: float) -> None:
    """End one process and, where it leads a session, all in it: SIGTERM, then SIGKILL.

    `grace` is the time between the two, in seconds.
    """
    _signal_group(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(grace)
    # Even if it has ended: others in its group may have ignored the first signal.
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: Process, number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        process.send_signal(number)
