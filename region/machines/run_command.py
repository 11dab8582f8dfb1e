"""One script run in a machine as SSM Agent runs it: its output caught, its time limited."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final
from uuid import uuid4

from region.machines.processes import SESSIONS, Command, Process, ProcessTable, end
from region.takeover.followed import FollowedProcess, start_ticks

SCRIPTS: Final = "/var/lib/amazon/ssm/orchestration"
"""The machine's directory for scripts: the agent's own, shortened."""

DEFAULT_DIRECTORY: Final = "/usr/bin"
"""Where SSM Agent, and so every script without a directory of its own, runs on Amazon Linux."""

OUTPUT_BYTES: Final = 128 * 1024
"""How much of each output stream is kept: more than the 24,000 characters that the API returns."""

KILLED: Final = 137
"""The status that SSM Agent reports for a script that it killed: 128 + SIGKILL."""

POLL: Final = 0.1
_PROCESS: Final = "process"

# The script is run by name, so that its first line, #!, decides what interprets it; without one it
# is sh. A directory that does not exist ends it with a message on its standard error.
_LAUNCHER: Final = """\
mkdir -p "$1" && printf %s "$2" > "$1/_script.sh" && chmod 700 "$1" "$1/_script.sh" || exit 1
cd "$3" || exit 1
exec sh -c '"$0"' "$1/_script.sh"
"""


@dataclass(frozen=True)
class RunOutcome:
    """How a script ended.

    Attributes:
        status_code: Its exit status; 128 and the signal's number if one ended it, KILLED if the
            region did.
        stdout: The beginning of its standard output.
        stderr: The beginning of its standard error.
        timed_out: It was killed because its time was over.
        cancelled: It was killed on request.
    """

    status_code: int
    stdout: str
    stderr: str
    timed_out: bool = False
    cancelled: bool = False


def run_script(
    processes: ProcessTable,
    script: str,
    *,
    scratch: Path,
    working_directory: str,
    timeout: float,
    environment: Mapping[str, str],
    cancelled: Event,
) -> RunOutcome:
    """Run `script` as root and return when it has ended; what it leaves in the background keeps running.

    It shares the CPU of the machine's services, as a command on an instance does. `timeout` is in
    seconds, `environment` is complete, `scratch` is a directory of the host for the output.

    Raises:
        MachineError: The machine is off.
    """
    name = uuid4().hex
    directory = scratch / name
    directory.mkdir(parents=True)
    try:
        process = processes.spawn(
            Command(
                argv=[
                    "/bin/sh", "-c", _LAUNCHER, "ssm",
                    f"{SCRIPTS}/{name}", script, working_directory or DEFAULT_DIRECTORY,
                ],
                group=SESSIONS,
                environment=environment,
                directory="/",
                log=directory / "stdout",
                errors=directory / "stderr",
            )
        )  # fmt: skip
        with suppress(OSError):
            (directory / _PROCESS).write_text(f"{process.pid} {start_ticks(process.pid)}")
        status, timed_out, killed = _wait(process, timeout, cancelled)
        if killed:
            status = KILLED
        return RunOutcome(
            status_code=status if status >= 0 else 128 - status,
            stdout=_beginning_of(directory / "stdout"),
            stderr=_beginning_of(directory / "stderr"),
            timed_out=timed_out,
            cancelled=killed and not timed_out,
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def kill_leftovers(scratch: Path) -> None:
    """Kill the scripts that a killed region was running; their commands have failed."""
    for directory in scratch.glob("*"):
        with suppress(OSError, ValueError):
            pid, started = map(int, (directory / _PROCESS).read_text().split())
            end(FollowedProcess(pid, started), 0)
        shutil.rmtree(directory, ignore_errors=True)


def _wait(process: Process, timeout: float, cancelled: Event) -> tuple[int, bool, bool]:
    """Return a process's status when it has ended, whether its time was over, if it was killed."""
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        try:
            return process.wait(min(POLL, max(0.0, left))), False, False
        except subprocess.TimeoutExpired:
            if left <= 0 or cancelled.is_set():
                end(process, 0)
                return process.wait(), left <= 0, True


def _beginning_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(OUTPUT_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""
