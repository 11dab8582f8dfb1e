"""The processes of one activation of a service: started, found, signaled, ended.

`Service` decides when each of this happens; see systemd.service(5) and systemd.kill(5).
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from region.machines.errors import DiskError, MachineError, ServiceError
from region.machines.processes import Process, ProcessTable
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd import exit_status, main_process
from region.machines.systemd.execution import Executor
from region.machines.systemd.notifications import DIRECTORY, Notifications
from region.machines.systemd.unit import Unit, UnitCommand

_EXEC_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02
# What a process sent just before it ended may still be on its way.
_LATE_SECONDS: Final = 0.3


@dataclass(frozen=True)
class ServiceContext:
    """What a service needs from its machine; `remember` is called after each change of its state."""

    processes: ProcessTable
    files: RootFileSystem
    executor: Executor
    log: Path
    console: Callable[[str], None]
    alive: Callable[[], bool]
    remember: Callable[[], None]
    oom_kills: Callable[[], int] = int


@dataclass
class Activation:
    """One activation, from a start command to the state it ends in.

    Attributes:
        stop: Set when nothing may be started for it any more.
        process: Its main process, once there is one.
        notifications: What it tells its manager, with Type=notify.
        status: How the main process ended, negative for a signal.
        result: Why it failed, as Result= of `systemctl show` has it.
        ended: Set once its stop commands have run, which they do once.
        oom_kills: The machine's processes that had been killed for lack of memory when it began.
    """

    unit: Unit
    stop: threading.Event = field(default_factory=threading.Event)
    process: Process | None = None
    notifications: Notifications | None = None
    thread: threading.Thread | None = None
    status: int | None = None
    result: str = "success"
    ended: threading.Event = field(default_factory=threading.Event)
    invocation: str = field(default_factory=lambda: uuid.uuid4().hex)
    oom_kills: int = 0

    @property
    def main_pid(self) -> int | None:
        """The id on the host of the main process; None if none is running."""
        process = self.process
        return process.pid if process and process.poll() is None else None


class Control:
    """Starts and ends the processes of the service `name`, in its group."""

    def __init__(self, name: str, context: ServiceContext) -> None:
        """Use the group `services/<name>`."""
        self.group = f"services/{name}"
        self._name = name
        self._context = context
        self._spawning = threading.Lock()

    def pids(self) -> set[int]:
        """Return the ids on the host of all processes of the service."""
        return self._context.processes.pids(self.group)

    def forbid_starts(self, run: Activation | None) -> None:
        """Keep an activation from starting any more processes."""
        with self._spawning:
            if run:
                run.stop.set()

    def start_main(self, run: Activation) -> None:
        """Start the program of ExecStart= of a service that is not a oneshot.

        Raises:
            MachineError: If it cannot be started.
        """
        unit = run.unit
        run.process = None
        if unit.kind == "forking":
            self.run_to_end(run, unit.exec_start[0], unit.timeout_start)
            run.process = self._forked(run)
            return
        if unit.kind == "notify":
            self._close(run)
            run.notifications = self._context.executor.listen(unit, run.invocation, self.pids)
        run.process, argv = self._spawn(run, unit.exec_start[0])
        if run.notifications:
            self._await_ready(run, run.notifications)
        if unit.kind == "exec":
            self._await_exec(run, run.process, argv)

    def run_to_end(
        self, run: Activation, command: UnitCommand, timeout: float | None, *, main: bool = False
    ) -> None:
        """Run one command of a start or a reload; the `main` one is that of a oneshot.

        Raises:
            ServiceError: If it fails, unless its failure is to be ignored, or takes too long.
        """
        process, _ = self._spawn(run, command)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.sweep()
            process.wait()
            run.result = "timeout"
            raise ServiceError(f"{command.argv[0]} took longer than {timeout:g} s.") from None
        if main:
            run.status = status
        clean = exit_status.is_clean(run.unit, status, daemon=False)
        if not (clean or command.ignore_failure):
            run.result = exit_status.result(status)
            raise ServiceError(f"{command.argv[0]}: {exit_status.describe(status)}.")

    def run_after(
        self, run: Activation, commands: tuple[UnitCommand, ...], key: str, limit: float | None
    ) -> None:
        """Run commands of ExecStop= or ExecStopPost=; what fails is told to the console.

        `limit` bounds TimeoutStopSec=, in seconds.
        """
        for command in commands:
            try:
                process, _ = self._spawn(run, command, stopping=True)
                status = process.wait(_earlier(run.unit.timeout_stop, limit))
            except (MachineError, subprocess.TimeoutExpired) as error:
                self._context.console(f"systemd: {self._name}: {key} failed: {error}")
                return
            clean = exit_status.is_clean(run.unit, status, daemon=False)
            if not (clean or command.ignore_failure):
                ending = exit_status.describe(status)
                self._context.console(f"systemd: {self._name}: {key}: {ending}.")
                return

    def await_main(self, run: Activation) -> int:
        """Wait for the end of the main process; where it is not known, for the end of all."""
        while run.process is not None:
            status = run.process.wait()
            heir = self._from_pid_file(run.unit) or self._announced(run)
            if heir is None or heir.pid == run.process.pid or run.stop.is_set():
                return status
            # The daemon replaced itself, as for an upgrade of its program.
            run.process = heir
            self._context.remember()
        while self.pids() and not run.stop.wait(0.1):
            pass
        return 0

    def signal(self, run: Activation) -> None:
        """Ask the processes that KillMode= means to end."""
        unit = run.unit
        if unit.kill_mode == "none":
            return
        if unit.kill_mode in {"mixed", "process"} and run.process:
            with suppress(ProcessLookupError):
                run.process.send_signal(unit.kill_signal)
        else:
            self._context.processes.signal(self.group, unit.kill_signal)

    def end(self, run: Activation, limit: float | None) -> None:
        """End the processes that KillMode= means, at last by SIGKILL; what it spares is let go.

        `limit` bounds TimeoutStopSec=, in seconds.
        """
        try:
            self._end(run, limit)
        finally:
            self._close(run)

    def _end(self, run: Activation, limit: float | None) -> None:
        seconds = _earlier(run.unit.timeout_stop, limit)
        deadline = time.monotonic() + (float("inf") if seconds is None else seconds)
        mode = run.unit.kill_mode
        self.signal(run)
        while mode != "none" and self._runs(run) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if mode in {"control-group", "mixed"}:
            self.sweep()
            return
        if mode == "process" and run.main_pid is not None and run.process:
            run.process.send_signal(signal.SIGKILL)
            run.process.wait()
        self._context.processes.confine(self.group)

    def _runs(self, run: Activation) -> bool:
        """Return whether what was asked to end is still there."""
        if run.unit.kill_mode == "control-group" or run.process is None:
            return bool(self.pids())
        return run.main_pid is not None

    def sweep(self) -> None:
        """Kill every process of the service."""
        self._context.processes.kill(self.group)

    def _spawn(
        self, run: Activation, command: UnitCommand, *, stopping: bool = False
    ) -> tuple[Process, tuple[str, ...]]:
        executor = self._context.executor
        variables = self._variables(run, stopping=stopping)
        try:
            prepared = executor.prepare(run.unit, command, self.group, variables)
            with prepared as ready, self._spawning:
                if run.stop.is_set() and not stopping:
                    raise ServiceError("it was stopped while starting.")
                return self._context.processes.spawn(ready), tuple(ready.argv)
        except MachineError:
            run.result = "resources"
            raise
        except OSError as error:
            run.result = "resources"
            raise ServiceError(f"{command.argv[0]} could not be started: {error}.") from error

    def _variables(self, run: Activation, *, stopping: bool) -> Mapping[str, str]:
        found = {"INVOCATION_ID": run.invocation}
        if run.unit.pid_file:
            found["PIDFILE"] = run.unit.pid_file
        if run.notifications:
            found["NOTIFY_SOCKET"] = f"{DIRECTORY}/{run.invocation}"
        pid = run.main_pid
        if pid is not None and (number := main_process.number_in_machine(pid)):
            found["MAINPID"] = str(number)
        if stopping:
            found["SERVICE_RESULT"] = run.result
            if run.status is not None:
                found["EXIT_CODE"] = exit_status.code(run.status)
                found["EXIT_STATUS"] = exit_status.value(run.status)
        return found

    def _await_exec(self, run: Activation, process: Process, argv: tuple[str, ...]) -> None:
        """Wait until the program was executed (Type=exec); fail the start if it cannot be."""
        deadline = time.monotonic() + _EXEC_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if not _is_launcher(main_process.command_line(process.pid), argv):
                return
            time.sleep(0.005)
        if process.poll() is not None:
            status = process.wait()
            run.status, run.result = status, exit_status.result(status)
            raise ServiceError(f"{exit_status.describe(status)}.")

    def _await_ready(self, run: Activation, told: Notifications) -> None:
        """Wait for READY=1 of a service of Type=notify; fail its start if that does not come."""
        limit = run.unit.timeout_start
        deadline = time.monotonic() + (float("inf") if limit is None else limit)
        while not told.ready.wait(_POLL_SECONDS):
            ended = run.process.poll() if run.process else None
            heir = self._announced(run) if ended is not None else None
            if heir is not None:
                run.process = heir
            elif ended is not None and not told.ready.wait(_LATE_SECONDS):
                clean = exit_status.is_clean(run.unit, ended)
                run.status, run.result = ended, "protocol" if clean else exit_status.result(ended)
                raise ServiceError(
                    f"{exit_status.describe(ended)} without having sent READY=1 (Type=notify; "
                    f"result {run.result!r})."
                )
            if run.stop.is_set():
                raise ServiceError("it was stopped while starting.")
            if time.monotonic() > deadline:
                run.result = "timeout"
                raise ServiceError(f"it did not send READY=1 within {limit:g} s (Type=notify).")
        run.process = self._announced(run) or run.process

    def _announced(self, run: Activation) -> Process | None:
        """Return the process that a service has named as its main one by MAINPID=."""
        number = run.notifications.main_number if run.notifications else 0
        return main_process.find(number, self.pids()) if number else None

    def _close(self, run: Activation) -> None:
        told, run.notifications = run.notifications, None
        if told:
            told.close()

    def _forked(self, run: Activation) -> Process | None:
        """Return the main process of a daemon whose first process has ended; None if unknown."""
        unit = run.unit
        if not unit.pid_file:
            return main_process.guess(self.pids()) if unit.guess_main_pid else None
        limit = unit.timeout_start
        deadline = time.monotonic() + (float("inf") if limit is None else limit)
        while (found := self._from_pid_file(unit)) is None:
            if run.stop.is_set():
                raise ServiceError("it was stopped while starting.")
            if not self.pids():
                run.result = "protocol"
                raise ServiceError(f"no process was left when PIDFile={unit.pid_file} was read.")
            if time.monotonic() > deadline:
                run.result = "timeout"
                raise ServiceError(
                    f"PIDFile={unit.pid_file} did not name a process of the service "
                    f"within {limit:g} s."
                )
            time.sleep(_POLL_SECONDS)
        return found

    def _from_pid_file(self, unit: Unit) -> Process | None:
        if not unit.pid_file:
            return None
        try:
            text = self._context.files.read_text(unit.pid_file).strip()
        except (OSError, UnicodeDecodeError, DiskError, MachineError):
            return None
        return main_process.find(int(text), self.pids()) if text.isdecimal() else None


def _earlier(first: float | None, second: float | None) -> float | None:
    """Return the smaller of two limits, of which None is none."""
    return min((value for value in (first, second) if value is not None), default=None)


def _is_launcher(command_line: list[str], argv: tuple[str, ...]) -> bool:
    """Return whether a process is still runc or a shell that will become the program `argv`."""
    if command_line[1:2] == ["init"] or not command_line:
        return True
    tail = tuple(command_line[-len(argv) :])
    return command_line[1:2] == ["-c"] and len(command_line) > len(argv) and tail == argv
