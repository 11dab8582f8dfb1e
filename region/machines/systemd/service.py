"""One systemd service: started, supervised, reloaded, restarted and stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from region.machines.errors import MachineError, ServiceError
from region.machines.systemd import exit_status
from region.machines.systemd.activation import Activation, Control, ServiceContext
from region.machines.systemd.unit import Unit
from region.takeover.followed import FollowedProcess, start_ticks

ActiveState = Literal["inactive", "activating", "active", "reloading", "deactivating", "failed"]
_SUB_STATES: Final = {
    "inactive": "dead", "activating": "start", "active": "running", "reloading": "reload",
    "deactivating": "stop-sigterm", "failed": "failed",
}  # fmt: skip
_KILLED: Final = "A process of this unit has been killed by the OOM killer."
_UP: Final = ("active", "activating", "reloading")


@dataclass(frozen=True)
class ServiceMemory:
    """What the next region has to know of a service to keep managing it.

    Attributes:
        main: The id and the start time of its main process (clock ticks); None without one.
        starts: When it was started lately, on the monotonic clock.
    """

    name: str
    unit: Unit
    invocation: str
    state: ActiveState
    sub_state: str
    result: str
    restarts: int
    since: datetime | None
    starts: tuple[float, ...]
    main: tuple[int, int] | None


class Service:
    """A service and its current state. Thread-safe."""

    def __init__(self, name: str, context: ServiceContext) -> None:
        """Run the unit `name` in the group `services/<name>`."""
        self.name = name
        self._context = context
        self._control = Control(name, context)
        self._operation = threading.Lock()
        self._ending = threading.Lock()
        self._run: Activation | None = None
        self._last: Activation | None = None
        self._state: ActiveState = "inactive"
        self._sub_state = ""
        self.result = ""
        # Whoever asked for them, and whichever activation they belong to.
        self._starts = deque[float]()
        self.restarts = 0
        self.since: datetime | None = None

    @property
    def state(self) -> ActiveState:
        """The active state, as systemd names it."""
        return self._state

    @property
    def sub_state(self) -> str:
        """The finer state, as systemd names it."""
        return self._sub_state or _SUB_STATES[self._state]

    @property
    def unit(self) -> Unit | None:
        """The unit as it was when the service was last started."""
        return self._last.unit if self._last else None

    @property
    def last(self) -> Activation | None:
        """The present activation, or the last one."""
        return self._last

    @property
    def main_pid(self) -> int | None:
        """The id on the host of the service's main process; None if none is running."""
        return self._run.main_pid if self._run else None

    def pids(self) -> set[int]:
        """Return the ids on the host of all its processes."""
        return self._control.pids()

    def memory(self) -> ServiceMemory | None:
        """Return what has to be known to `take_over` the service; None if it was never started."""
        last, pid = self._last, self.main_pid
        if last is None:
            return None
        try:
            main = (pid, start_ticks(pid)) if pid is not None else None
        except ProcessLookupError:
            main = None
        return ServiceMemory(
            self.name, last.unit, last.invocation, self._state, self._sub_state, self.result,
            self.restarts, self.since, tuple(self._starts), main,
        )  # fmt: skip

    def take_over(self, known: ServiceMemory) -> None:
        """Go on with what a killed region has left of the service.

        A main process that still runs is followed. How one that has ended did so is unknown: Restart=
        decides as for a failure. A start or a stop that was cut off ends as if it had failed.
        """
        with self._operation:
            run = Activation(known.unit, invocation=known.invocation)
            self._last, self.restarts, self.since = run, known.restarts, known.since
            self._state, self._sub_state, self.result = known.state, known.sub_state, known.result
            self._starts.extend(known.starts)
            if known.state in ("inactive", "failed") or known.sub_state == "exited":
                self._run = run if known.sub_state == "exited" else None
                return
            self._run = run
            if known.state == "deactivating":
                run.stop.set()
                self._begin(run, self._end_stop, run)
                return
            if known.main is not None:
                try:
                    run.process = FollowedProcess(*known.main)
                except ProcessLookupError:
                    run.status = exit_status.UNKNOWN
            elif known.state == "activating":
                run.status = exit_status.UNKNOWN
            if run.status is None:
                self._enter("active")
            self._supervise(run, failed_start=run.status is not None)

    def start(self, unit: Unit) -> None:
        """Start the service unless it is active; a oneshot has ended when this returns.

        Raises:
            ServiceError: If it could not be started; the message names its log.
        """
        with self._operation:
            while self._state == "deactivating" and self._run:
                time.sleep(0.01)
            if self._state in _UP:
                return
            run = Activation(unit)
            if self._start_limit_hit(run):
                run.result, self._last = "start-limit-hit", run
                self._enter("failed")
                self.result = "start request repeated too quickly"
                raise ServiceError(
                    f"{self.name} failed to start: {self.result} (start-limit-hit). Wait for the "
                    f"end of StartLimitIntervalSec=, or run `systemctl reset-failed {self.name}`."
                )
            self._run = self._last = run
            self.restarts = 0
            self._enter("activating")
            try:
                self._activate(run)
            except MachineError as error:
                self._finish(run, clean=False)
                if run.stop.is_set():
                    self._settle(run, "inactive", "")
                elif exit_status.wants_restart(unit, run.status or 1):
                    self._supervise(run, failed_start=True)
                else:
                    self._settle(run, "failed", str(error))
                raise ServiceError(
                    f"{self.name} failed to start: {error} Its log is {self._context.log}."
                ) from error

    def stop(self, limit: float | None = None) -> None:
        """Stop the service: ExecStop, SIGTERM to its processes, then SIGKILL, ExecStopPost.

        `limit` bounds TimeoutStopSec, in seconds. A start in progress is abandoned.
        """
        run = self._run
        self._control.forbid_starts(run)
        if run and self._state == "activating":
            self._control.signal(run)
        with self._operation:
            run = self._run
            self._control.forbid_starts(run)
            if run is None:
                return
            was_up = self._state in ("active", "reloading")
            self._enter("deactivating")
            self._finish(run, clean=was_up, limit=limit)
            if run.thread:
                run.thread.join()
            self._settle(run, "inactive", "")

    def reload(self) -> None:
        """Run ExecReload=; the service stays active even if that fails.

        Raises:
            ServiceError: If it is not active, has no ExecReload=, or that fails.
        """
        with self._operation:
            run = self._run
            if run is None or self._state != "active":
                raise ServiceError(f"{self.name} is not active, cannot reload.")
            if not run.unit.exec_reload:
                raise ServiceError(f"Job type reload is not applicable for unit {self.name}.")
            self._enter("reloading")
            try:
                for command in run.unit.exec_reload:
                    self._control.run_to_end(run, command, run.unit.timeout_start)
            except MachineError as error:
                raise ServiceError(f"{self.name} failed to reload: {error}") from error
            finally:
                self._leave_reloading()

    def _leave_reloading(self) -> None:
        # The main process may have ended meanwhile, so that it is in another state.
        if self._state == "reloading":
            self._enter("active")

    def kill(self, number: signal.Signals, *, main_only: bool = False) -> None:
        """Send a signal to all processes of the service, or to its main process."""
        run = self._run
        if not main_only:
            self._context.processes.signal(self._control.group, number)
        elif run and run.process:
            run.process.send_signal(number)

    def reset_failed(self) -> None:
        """Forget that the service failed, and how often it was started."""
        with self._operation:
            self._starts.clear()
            if self._state == "failed":
                self._enter("inactive")
                self.result = ""

    def _activate(self, run: Activation) -> None:
        """Run the start commands once; the service is active, or (oneshot) done, afterwards."""
        unit, control = run.unit, self._control
        run.ended.clear()
        run.result, run.status = "success", None
        run.oom_kills = self._context.oom_kills()
        self._context.executor.make_directories(unit)
        for command in unit.exec_start_pre:
            self._sub_state = "start-pre"
            control.run_to_end(run, command, unit.timeout_start)
        self._sub_state = "start"
        if unit.kind == "oneshot":
            for command in unit.exec_start:
                control.run_to_end(run, command, unit.timeout_start, main=True)
        else:
            control.start_main(run)
        for command in unit.exec_start_post:
            self._sub_state = "start-post"
            control.run_to_end(run, command, unit.timeout_start)
        if unit.kind != "oneshot":
            self._enter("active")
            self._supervise(run, failed_start=False)
        elif unit.remain_after_exit:
            self._enter("active", "exited")
        else:
            self._finish(run, clean=True)
            self._settle(run, "inactive", "")

    def _finish(self, run: Activation, *, clean: bool, limit: float | None = None) -> None:
        """Run the stop commands and end the processes, once for each (re)start."""
        deadline = None if limit is None else time.monotonic() + limit
        context, control, unit = self._context, self._control, run.unit
        with self._ending:
            if run.ended.is_set():
                control.end(run, _left(deadline))
                return
            run.ended.set()
            if clean and context.alive():
                control.run_after(run, unit.exec_stop, "ExecStop", limit)
            control.end(run, _left(deadline))
            if context.alive():
                control.run_after(run, unit.exec_stop_post, "ExecStopPost", _left(deadline))
                try:
                    context.executor.remove_runtime_directories(unit)
                except MachineError as error:
                    context.console(f"systemd: {self.name}: {error}")

    def _end_stop(self, run: Activation) -> None:
        self._finish(run, clean=False)
        self._settle(run, "inactive", "")

    def _supervise(self, run: Activation, *, failed_start: bool) -> None:
        if run.thread is None:
            self._begin(run, self._watch, run, failed_start)

    def _begin(self, run: Activation, work: Callable[..., None], *arguments: object) -> None:
        run.thread = threading.Thread(
            target=work, args=arguments, name=f"unit-{self.name}", daemon=True
        )
        run.thread.start()

    def _watch(self, run: Activation, failed_start: bool) -> None:
        """Wait for the end, then restart or settle: the body of the supervising thread."""
        status = (run.status or 1) if failed_start else self._await_end(run)
        while not run.stop.is_set():
            clean = exit_status.is_clean(run.unit, status)
            if clean and run.unit.remain_after_exit:
                self._enter("active", "exited")
                return
            if not run.ended.is_set():
                self._enter("deactivating")
                self._finish(run, clean=clean)
            if run.stop.is_set() or not self._restart_after(run, status):
                return
            status = self._restart_once(run)

    def _restart_after(self, run: Activation, status: int) -> bool:
        """Wait for RestartSec=; return False if the service has settled, or is being stopped."""
        unit, ending = run.unit, exit_status.describe(status)
        if run.result == "oom-kill":
            ending += " for lack of memory (OOM killer)"
        if not (self._context.alive() and exit_status.wants_restart(unit, status)):
            clean = exit_status.is_clean(unit, status)
            self._settle(run, "inactive" if clean else "failed", "" if clean else ending)
            return False
        self._enter("activating", "auto-restart")
        self.result = f"{ending}; restarting"
        self._context.console(f"systemd: {self.name}: {ending}, scheduled restart.")
        if run.stop.wait(unit.restart_sec):
            return False
        if not self._context.alive():
            self._settle(run, "failed", f"{ending}; the machine is off")
            return False
        if self._start_limit_hit(run):
            run.result = "start-limit-hit"
            self._settle(run, "failed", f"{ending}; start request repeated too quickly")
            return False
        self.restarts += 1
        return True

    def _restart_once(self, run: Activation) -> int:
        try:
            self._activate(run)
        except MachineError as error:
            self._context.console(f"systemd: {self.name}: {error}")
            return run.status or 1
        return self._await_end(run)

    def _await_end(self, run: Activation) -> int:
        status = self._control.await_main(run)
        run.status = status
        if not exit_status.is_clean(run.unit, status):
            run.result = exit_status.result(status)
        if status == -signal.SIGKILL and self._context.oom_kills() > run.oom_kills:
            run.result = "oom-kill"
            # In the words of systemd, which has them in the unit's journal.
            with self._context.log.open("ab") as log:
                log.write(f"{self.name}: {_KILLED}\n".encode())
        return status

    def _start_limit_hit(self, run: Activation) -> bool:
        """Count a start; return whether StartLimitBurst= per StartLimitIntervalSec= is exceeded."""
        interval, burst = run.unit.start_limit_interval, run.unit.start_limit_burst
        now = time.monotonic()
        if interval is not None:
            while self._starts and self._starts[0] < now - interval:
                self._starts.popleft()
        if burst and interval != 0 and len(self._starts) >= burst:
            return True
        self._starts.append(now)
        return False

    def _enter(self, state: ActiveState, sub_state: str = "") -> None:
        if state != self._state:
            self.since = datetime.now(UTC)
        self._state, self._sub_state = state, sub_state
        if state == "active":
            self.result = ""
        self._context.remember()

    def _settle(self, run: Activation, state: ActiveState, result: str) -> None:
        if self._run is run:
            self._run = None
            self.result = result
            self._enter(state)
        if result:
            self._context.console(f"systemd: {self.name}: {result}.")


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())
