"""One systemd service: started, supervised, restarted and stopped."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from region.machines.errors import DiskError, MachineError, ServiceError
from region.machines.processes import Command, Process, ProcessTable
from region.machines.systemd.unit_file import Unit, UnitCommand, parse_environment_file

ActiveState = Literal["inactive", "activating", "active", "deactivating", "failed"]
_VARIABLE = re.compile(r"\$(\$|\{(\w+)\}|(\w+))")
# Signals that systemd counts as a clean exit of a service.
_CLEAN_SIGNALS = frozenset({signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE})
_ABORTS = frozenset({signal.SIGABRT, signal.SIGSEGV, signal.SIGILL, signal.SIGFPE, signal.SIGBUS})

# The programs that a process runs while it is still the launcher (see `namespace`).
_LAUNCHERS = ("sh", "dash", "bash", "busybox", "unshare")
_EXIT_REASONS = {
    126: " (not executable)",
    127: " (command not found)",
}


@dataclass(frozen=True)
class ServiceContext:
    """What a service needs from its machine."""

    processes: ProcessTable
    environment: Callable[[], Mapping[str, str]]
    read: Callable[[str], str]
    log: Path
    console: Callable[[str], None]
    alive: Callable[[], bool]


@dataclass
class _Run:
    """One activation, from a start command to the state it ends in."""

    unit: Unit
    stop: threading.Event = field(default_factory=threading.Event)
    starts: deque[float] = field(default_factory=deque[float])
    process: Process | None = None
    thread: threading.Thread | None = None


class Service:
    """A service and its current state. Thread-safe."""

    def __init__(self, name: str, context: ServiceContext) -> None:
        """Run the unit `name` in the group `services/<name>`."""
        self.name = name
        self._context = context
        self._group = f"services/{name}"
        self._operation = threading.Lock()
        self._spawning = threading.Lock()
        self._run: _Run | None = None
        self._state: ActiveState = "inactive"
        self._result = ""

    @property
    def state(self) -> ActiveState:
        """The active state, as systemd names it."""
        return self._state

    @property
    def result(self) -> str:
        """Why the service is in its state; empty if there is nothing to report."""
        return self._result

    @property
    def main_pid(self) -> int | None:
        """The id of the service's main process; None if none is running."""
        run = self._run
        process = run.process if run else None
        return process.pid if process and process.poll() is None else None

    def start(self, unit: Unit) -> None:
        """Start the service unless it is active; a oneshot has ended when this returns.

        Raises:
            ServiceError: If it could not be started; the message names its log.
        """
        with self._operation:
            if self._state in ("active", "activating"):
                return
            run = _Run(unit)
            self._run, self._state, self._result = run, "activating", ""
            run.starts.append(time.monotonic())
            try:
                self._activate(run)
            except MachineError as error:
                self._sweep_group()
                if self._wants_restart(run, 1):
                    self._supervise(run, failed_start=True)
                else:
                    self._settle(run, "failed", str(error))
                raise ServiceError(
                    f"{self.name} failed to start: {error} Its log is {self._context.log}."
                ) from error

    def stop(self, limit: float | None = None) -> None:
        """Stop the service: ExecStop, SIGTERM to all its processes, then SIGKILL.

        `limit` bounds TimeoutStopSec, in seconds. A start in progress is abandoned.
        """
        run = self._forbid_starts()
        if run and self._state == "activating":
            self._signal(run)
        with self._operation:
            run = self._forbid_starts()
            if run is None:
                return
            self._state = "deactivating"
            self._run_stop_commands(run)
            self._end_processes(run, limit)
            if run.thread:
                run.thread.join()
            self._settle(run, "inactive", "")

    def _forbid_starts(self) -> _Run | None:
        """Keep the present activation from starting any more processes."""
        with self._spawning:
            run = self._run
            if run:
                run.stop.set()
            return run

    def _activate(self, run: _Run) -> None:
        """Run the start commands once; the service is active, or (oneshot) done, afterwards."""
        unit = run.unit
        for command in unit.exec_start_pre:
            self._run_to_end(run, command, unit.timeout_start)
        if unit.kind == "oneshot":
            for command in unit.exec_start:
                self._run_to_end(run, command, unit.timeout_start)
            self._settle(run, "active" if unit.remain_after_exit else "inactive", "")
            return
        run.process = self._spawn(run, unit.exec_start[0])
        for command in unit.exec_start_post:
            self._run_to_end(run, command, unit.timeout_start)
        if unit.kind == "exec":
            self._await_exec(run.process)
        self._state = "active"
        self._supervise(run, failed_start=False)

    def _await_exec(self, process: Process) -> None:
        """Wait until the program was executed (Type=exec); fail the start if it cannot be."""
        deadline = time.monotonic() + 1.0
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError):
                if Path(f"/proc/{process.pid}/exe").readlink().name not in _LAUNCHERS:
                    return
            time.sleep(0.005)
        if process.poll() is not None:
            raise ServiceError(_describe(process.wait()))

    def _supervise(self, run: _Run, *, failed_start: bool) -> None:
        if run.thread is None:
            run.thread = threading.Thread(
                target=self._watch, args=(run, failed_start), name=f"unit-{self.name}", daemon=True
            )
            run.thread.start()

    def _watch(self, run: _Run, failed_start: bool) -> None:
        """Wait for the end, then restart or settle: the body of the supervising thread."""
        status = 1 if failed_start else self._await_main(run)
        while not run.stop.is_set():
            self._sweep_group()
            ending = _describe(status)
            if not self._wants_restart(run, status):
                clean = _is_clean(run.unit, status)
                self._settle(run, "inactive" if clean else "failed", "" if clean else ending)
                return
            self._state, self._result = "activating", f"{ending}; restarting"
            self._context.console(f"systemd: {self.name}: {ending}, scheduled restart.")
            if run.stop.wait(run.unit.restart_sec):
                return
            if not self._context.alive():
                self._settle(run, "failed", f"{ending}; the machine is off")
                return
            if self._start_limit_hit(run):
                self._settle(run, "failed", f"{ending}; start request repeated too quickly")
                return
            status = self._restart_once(run)

    def _restart_once(self, run: _Run) -> int:
        try:
            self._activate(run)
        except MachineError as error:
            self._context.console(f"systemd: {self.name}: {error}")
            return 1
        return self._await_main(run)

    def _await_main(self, run: _Run) -> int:
        return run.process.wait() if run.process else 0

    def _wants_restart(self, run: _Run, status: int) -> bool:
        if run.stop.is_set() or not self._context.alive():
            return False
        restart = run.unit.restart
        clean = _is_clean(run.unit, status)
        if restart in ("always", "no"):
            return restart == "always"
        if restart == "on-success":
            return clean
        if restart == "on-failure":
            return not clean
        number = -status if status < 0 else 0
        return number in _ABORTS if restart == "on-abort" else number > 0 and not clean

    def _start_limit_hit(self, run: _Run) -> bool:
        """Count a start; return whether StartLimitBurst= per StartLimitIntervalSec= is exceeded."""
        interval, burst = run.unit.start_limit_interval, run.unit.start_limit_burst
        now = time.monotonic()
        if interval is not None:
            while run.starts and run.starts[0] < now - interval:
                run.starts.popleft()
        if burst and interval != 0 and len(run.starts) >= burst:
            return True
        run.starts.append(now)
        return False

    def _settle(self, run: _Run, state: ActiveState, result: str) -> None:
        self._state, self._result = state, result
        if state in ("inactive", "failed") and self._run is run:
            self._run = None
        if result:
            self._context.console(f"systemd: {self.name}: {result}.")

    def _spawn(self, run: _Run, command: UnitCommand, *, stopping: bool = False) -> Process:
        environment = self._environment(run.unit)
        argv = expand(command.argv, environment)
        with self._spawning:
            if run.stop.is_set() and not stopping:
                raise ServiceError("it was stopped while starting.")
            return self._context.processes.spawn(
                Command(
                    argv=argv,
                    group=self._group,
                    environment=environment,
                    directory=run.unit.working_directory,
                    log=self._context.log,
                )
            )

    def _run_to_end(self, run: _Run, command: UnitCommand, timeout: float | None) -> None:
        process = self._spawn(run, command)
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._sweep_group()
            process.wait()
            raise ServiceError(f"{command.argv[0]} took longer than {timeout:g} s.") from None
        if not (_is_clean(run.unit, status) or command.ignore_failure):
            raise ServiceError(f"{command.argv[0]}: {_describe(status)}.")

    def _environment(self, unit: Unit) -> dict[str, str]:
        merged = {**self._context.environment(), **unit.environment}
        for file in unit.environment_files:
            try:
                merged.update(parse_environment_file(self._context.read(file.path)))
            except (DiskError, OSError) as error:
                if not file.optional:
                    raise ServiceError(
                        f"EnvironmentFile {file.path} cannot be read: {error}."
                    ) from error
        return merged

    def _end_processes(self, run: _Run, limit: float | None) -> None:
        timeouts = [value for value in (run.unit.timeout_stop, limit) if value is not None]
        deadline = time.monotonic() + (min(timeouts) if timeouts else float("inf"))
        self._signal(run)
        processes = self._context.processes
        while processes.pids(self._group) and time.monotonic() < deadline:
            time.sleep(0.02)
        self._sweep_group()

    def _signal(self, run: _Run) -> None:
        """Signal all processes of the service, or (KillMode=mixed) its main process."""
        if run.unit.kill_mode == "mixed" and run.process:
            with suppress(ProcessLookupError):
                run.process.send_signal(run.unit.kill_signal)
        else:
            self._context.processes.signal(self._group, run.unit.kill_signal)

    def _run_stop_commands(self, run: _Run) -> None:
        if self.main_pid is None:
            return
        for command in run.unit.exec_stop:
            try:
                self._spawn(run, command, stopping=True).wait(run.unit.timeout_stop)
            except (MachineError, subprocess.TimeoutExpired) as error:
                self._context.console(f"systemd: {self.name}: ExecStop failed: {error}")
                return

    def _sweep_group(self) -> None:
        """Kill what the service left behind, as systemd's KillMode=control-group does."""
        self._context.processes.kill(self._group)


def expand(argv: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
    """Substitute ${NAME} within words and split a word that is just $NAME, as systemd does."""
    words: list[str] = []
    for word in argv:
        whole = re.fullmatch(r"\$(\w+)", word)
        if whole:
            words.extend(environment.get(whole[1], "").split())
            continue
        words.append(
            _VARIABLE.sub(
                lambda match: (
                    "$" if match[1] == "$" else environment.get(match[2] or match[3] or "", "")
                ),
                word,
            )
        )
    return words


def _is_clean(unit: Unit, status: int) -> bool:
    return status in unit.success_exit_status or (status < 0 and -status in _CLEAN_SIGNALS)


def _describe(status: int) -> str:
    if status < 0:
        return f"main process killed by {signal.Signals(-status).name}"
    reason = _EXIT_REASONS.get(status, "")
    return f"main process exited with status {status}{reason}"
