"""The runner of a lifecycle event's scripts."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from region.machines.codedeploy_agent.appspec import Script
from region.machines.codedeploy_agent.messages import ErrorCode, EventResult
from region.machines.disk import Disk
from region.machines.processes import Command, Process, ProcessTable, end

GROUP: Final = "agent"
_TAIL_BYTES: Final = 2048
_GRACE_SECONDS: Final = 1.0
# Where the agent's own unit starts it; scripts that rely on relative paths fail on AWS as here.
_WORKING_DIRECTORY: Final = "/opt/codedeploy-agent"


class ScriptRunner:
    """Runs hook scripts in the machine's `agent` group, which has no CPU quota of its own."""

    def __init__(
        self,
        disk: Disk,
        processes: ProcessTable,
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        """Run scripts with the machine's `environment`."""
        self._disk = disk
        self._processes = processes
        self._environment = environment

    def run(
        self,
        scripts: Sequence[Script],
        archive: Path,
        log: Path,
        variables: Mapping[str, str],
    ) -> EventResult:
        """Run the scripts in order; the first failure ends the event.

        `archive` and `log` are paths of the host; `variables` are added to the environment.
        """
        self._disk.resolve(_WORKING_DIRECTORY).mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(f"LifecycleEvent - {variables['LIFECYCLE_EVENT']}\n")
            begin = file.tell()
        for script in scripts:
            failure = self._run_one(script, archive, log, variables, begin)
            if failure:
                return failure
        return EventResult(
            "Succeeded", exit_code=0, log_tail=tail(log, begin), script=scripts[-1].location
        )

    def _run_one(
        self,
        script: Script,
        archive: Path,
        log: Path,
        variables: Mapping[str, str],
        begin: int,
    ) -> EventResult | None:
        def failed(code: ErrorCode, message: str, status: int | None = None) -> EventResult:
            return EventResult("Failed", status, tail(log, begin), script.location, message, code)

        path = archive / script.location
        if not path.resolve().is_relative_to(archive.resolve()) or not path.is_file():
            return failed(
                "ScriptMissing", f"Script does not exist at specified location: {script.location}"
            )
        mode = path.stat().st_mode
        if not mode & stat.S_IXUSR:
            path.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        with log.open("a") as file:
            file.write(f"Script - {script.location}\n")
        deadline = time.monotonic() + script.timeout
        process = self._processes.spawn(
            Command(
                argv=[str(self._disk.inside(path))],
                group=GROUP,
                environment={**self._environment(), **variables},
                directory=_WORKING_DIRECTORY,
                log=log,
            )
        )
        where = f"Script at specified location: {script.location}"
        try:
            status = process.wait(script.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return failed(
                "ScriptTimedOut", f"{where} failed to complete in {script.timeout} seconds"
            )
        if status != 0:
            return failed("ScriptFailed", f"{where} failed with exit code {status}", status)
        if not self._await_closed(log, deadline):
            return failed(
                "UnknownError",
                f"{where} failed to close STDOUT: a process that it left in the background "
                "still writes there; start services with systemctl or redirect their output",
                status,
            )
        return None

    def _await_closed(self, log: Path, deadline: float) -> bool:
        """Wait until no process the script left behind holds its output open.

        CodeDeploy's agent reads the script's pipes to their end, so such a process makes the
        event fail on AWS; here the open files of the machine's processes show the same.
        """
        while self._holds_open(log):
            if time.monotonic() > deadline or not self._processes.powered:
                return False
            time.sleep(0.05)
        return True

    def _holds_open(self, log: Path) -> bool:
        return any(_has_open(pid, log) for pid in self._processes.pids(GROUP))


def _has_open(pid: int, file: Path) -> bool:
    for descriptor in ("1", "2"):
        with suppress(OSError):
            if Path(f"/proc/{pid}/fd/{descriptor}").samefile(file):
                return True
    return False


def _end(process: Process) -> None:
    """Terminate the whole process group of a script: SIGTERM, then SIGKILL."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    # The leader may be gone while others in its group ignored the signal.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    end(process, 1)
    process.wait()


def tail(log: Path, begin: int) -> str:
    """Return the last 2 KiB of the log after byte `begin`."""
    with log.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(begin, end - _TAIL_BYTES))
        return file.read().decode(errors="replace")
