"""Run Command's controller: keeps the managed nodes and runs commands on the machines.

An invocation runs on its own thread, because a script may take hours and no lock is held while it
runs. What waits for a node, or for its turn, is looked at in every round.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from moto.core.utils import utcnow

from region.api.server import ControlPlane
from region.machines.errors import MachineError
from region.machines.run_command import RunOutcome
from region.services.ssm import commands, managed_nodes, platform
from region.services.ssm.descriptions import STDERR_LENGTH, STDOUT_LENGTH, truncated
from region.services.ssm.records import Invocation, RunCommand, RunCommandRecord

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 20.0


class Machine(Protocol):
    """A machine as this controller uses it; region.machines has the real one."""

    def run_command(
        self,
        script: str,
        *,
        working_directory: str,
        timeout: float,
        environment: Mapping[str, str],
        cancelled: threading.Event,
    ) -> RunOutcome:
        """Run a script as root, as SSM Agent does; return when it has ended or was killed.

        The script is an executable file: its first line, #!, counts, without one it is run by sh.
        `working_directory` may be empty: the agent's own. `timeout` is in seconds. `environment` is
        added to the machine's. The script is killed when `cancelled` is set.

        Raises MachineError if it cannot be started.
        """
        ...


class Pool(Protocol):
    """The machines of the region."""

    def get(self, instance_id: str) -> Machine:
        """Return the machine of an instance; raises MachineError if there is none."""
        ...


class RunCommandController:
    """Runs each invocation of each command once its node is connected and it is its turn."""

    name = "run-command"

    def __init__(self, plane: ControlPlane, pool: Pool) -> None:
        """Run `plane`'s commands on `pool`'s machines."""
        self._plane = plane
        self._pool = pool
        self._running: dict[tuple[str, str], tuple[threading.Thread, threading.Event]] = {}
        self._closing = False
        self._recovered = False

    def reconcile(self) -> None:
        """Update the nodes, end waits that timed out, cancel what was cancelled, start what can start."""
        self._running = {key: item for key, item in self._running.items() if item[0].is_alive()}
        with self._plane.lock:
            record = RunCommandRecord.of(self._plane.backend("ssm"))
            changed = managed_nodes.update(record, self._plane.backend("ec2"))
            for name, node in record.nodes.items():
                if node.online and not node.platform_name:
                    node.platform_name, node.platform_version = platform.of(self._pool, name)
                    changed = True
            if not self._recovered:
                self._recovered = True
                for command in record.commands.values():
                    changed |= commands.interrupt(command)
            started: list[tuple[RunCommand, str]] = []
            online = {name for name, node in record.nodes.items() if node.online}
            for command in record.commands.values():
                wait = self._plane.config.seconds(command.delivery_timeout)
                changed |= commands.expire(command, wait)
                self._cancel(command)
                for name in commands.startable(command, online):
                    commands.start(command.invocations[name])
                    started.append((command, name))
            before = utcnow() - timedelta(seconds=self._plane.config.seconds(commands.KEEP_SECONDS))
            commands.forget(record, before)
            if changed or started:
                self._plane.notify()
        for command, name in started:
            self._start(command, name)

    def close(self) -> None:
        """Kill the scripts that run and wait until they have ended."""
        self._closing = True
        for _, cancelled in self._running.values():
            cancelled.set()
        deadline = time.monotonic() + CLOSE_TIMEOUT
        for thread, _ in self._running.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _cancel(self, command: RunCommand) -> None:
        for name, invocation in command.invocations.items():
            running = self._running.get((command.command_id, name))
            if invocation.status == "Cancelling" and running is not None:
                running[1].set()

    def _start(self, command: RunCommand, instance_id: str) -> None:
        cancelled = threading.Event()
        thread = threading.Thread(
            target=self._run,
            args=(command, instance_id, cancelled),
            name=f"run-command-{instance_id}",
            daemon=True,
        )
        self._running[command.command_id, instance_id] = (thread, cancelled)
        thread.start()

    def _run(self, command: RunCommand, instance_id: str, cancelled: threading.Event) -> None:
        invocation = command.invocations[instance_id]
        try:
            outcome = self._pool.get(instance_id).run_command(
                command.script,
                working_directory=command.working_directory,
                timeout=command.execution_timeout,
                environment={
                    "AWS_SSM_INSTANCE_ID": instance_id,
                    "AWS_SSM_REGION_NAME": self._plane.config.region,
                },
                cancelled=cancelled,
            )
        except MachineError as error:
            # It was stopped or terminated after it had last been seen.
            log.info("command %s did not reach %s: %s", command.command_id, instance_id, error)
            with self._plane.lock:
                commands.end(invocation, "Failed", "Undeliverable")
        except Exception as error:
            log.exception("command %s on %s failed", command.command_id, instance_id)
            with self._plane.lock:
                invocation.stderr = f"The local region failed: {type(error).__name__}: {error}"
                commands.end(invocation, "Failed", "Failed", 1)
        else:
            with self._plane.lock:
                self._finish(invocation, outcome)
        self._plane.notify()
        log.info("command %s on %s: %s", command.command_id, instance_id, invocation.details)

    def _finish(self, invocation: Invocation, outcome: RunOutcome) -> None:
        """Record how a script ended, in the words of SSM Agent."""
        stderr, code = outcome.stderr, outcome.status_code
        if outcome.cancelled and self._closing:
            stderr = commands.INTERRUPTED
            ending = ("Failed", "Failed", commands.STOPPED_EXIT_CODE)
        elif outcome.cancelled:
            ending = ("Cancelled", "Cancelled", commands.STOPPED_EXIT_CODE)
        elif outcome.timed_out:
            ending = ("TimedOut", "ExecutionTimedOut", commands.STOPPED_EXIT_CODE)
        elif code:
            stderr = f"{stderr}failed to run commands: exit status {code}"
            ending = ("Failed", "Failed", code)
        else:
            ending = ("Success", "Success", 0)
        invocation.stdout = truncated(outcome.stdout, STDOUT_LENGTH)
        invocation.stderr = truncated(stderr, STDERR_LENGTH)
        commands.end(invocation, *ending)
