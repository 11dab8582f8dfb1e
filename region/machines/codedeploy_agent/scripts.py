"""The runner of a lifecycle event's scripts, as AWS's agent runs them.

Reference: hook_executor.rb and platform/linux_util.rb (`prepare_script_command`) of
github.com/aws/aws-codedeploy-agent, whose messages these are.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appspec import Script
from appspec.reader import EVENT_SECONDS
from region.machines import bounded_log
from region.machines.accounts import Accounts
from region.machines.codedeploy_agent import hook_script
from region.machines.codedeploy_agent.hook_script import HookScript
from region.machines.codedeploy_agent.messages import ErrorCode, EventResult
from region.machines.codedeploy_agent.script_output import Output, ScriptLog
from region.machines.container.oci import ROOT, User
from region.machines.errors import AccountError, MachineError
from region.machines.processes import AGENT, Command, ProcessTable, end
from region.machines.root_file_system import RootFileSystem

_GRACE_SECONDS: Final = 1.0
# Where the agent's own unit starts it; scripts that rely on relative paths fail on AWS as here.
_WORKING_DIRECTORY: Final = "/opt/codedeploy-agent"
# What runs a script without `#!`: Ruby hands it to /bin/sh, which is bash on Amazon Linux.
_SHELL: Final = "/bin/bash"
# The kernel says whether it is a program; if not, bash goes on as the one that reads it as a script.
_EXECUTE: Final = 'exec "$0"'
_FLUSH_CHARACTERS: Final = 1024 * 1024
_LARGEST_LOG: Final = 64 * 1024**2


@dataclass(frozen=True)
class Event:
    """One lifecycle event's scripts; all paths are the machine's.

    Attributes:
        archive: The unpacked revision.
        log: The deployment's scripts.log.
        variables: What the agent adds to the environment.
    """

    name: str
    deployment_id: str
    scripts: Sequence[Script]
    archive: str
    log: str
    variables: Mapping[str, str]


class _Failure(Exception):  # noqa: N818 - ends the event, as the agent's ScriptError
    def __init__(self, code: ErrorCode, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.status = status


class ScriptRunner:
    """Runs hook scripts in the machine's group `AGENT`."""

    def __init__(
        self,
        files: RootFileSystem,
        processes: ProcessTable,
        environment: Callable[[], Mapping[str, str]],
        log: Path,
    ) -> None:
        """Run scripts with the machine's `environment`; `log` on the host has every line at once.

        The log is what the agent calls codedeploy-agent-deployments.log.
        """
        self._files = files
        self._accounts = Accounts(files)
        self._processes = processes
        self._environment = environment
        self._log = log

    def run(self, event: Event) -> EventResult:
        """Run the scripts in order; the first failure ends the event."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        pages = _Pages(self._files, event.log)

        def write(line: str) -> None:
            data = f"[{event.deployment_id}] {line}".encode(errors="replace")
            bounded_log.append(self._log, data, _LARGEST_LOG)
            pages.add(line)

        log = ScriptLog(write)
        log.append(f"LifecycleEvent - {event.name}\n")
        # CodeDeploy gives up on an event after an hour, whatever its scripts' timeouts.
        deadline = time.monotonic() + EVENT_SECONDS
        try:
            for script in event.scripts:
                try:
                    self._run_one(script, event, log, deadline)
                except _Failure as failure:
                    return EventResult(
                        *("Failed", failure.status, log.tail(), script.location),
                        *(str(failure), failure.code),
                    )
                finally:
                    pages.flush()
        finally:
            pages.flush()
        return EventResult(
            "Succeeded", exit_code=0, log_tail=log.tail(), script=event.scripts[-1].location
        )

    def _run_one(self, script: Script, event: Event, log: ScriptLog, deadline: float) -> None:
        path = f"{event.archive}/{script.location.lstrip('/')}"
        found = self._looked_at(script, path)
        log.append(f"Script - {script.location}\n")
        self._reject_unstartable(script, path, found)
        limit = min(time.monotonic() + script.timeout, deadline)
        try:
            self._execute(script, self._command(script, path, event, found, log), log, limit)
        except _Failure as failure:
            if found.first_line.endswith("\r"):
                raise _Failure(
                    failure.code, f"{failure}{_CARRIAGE_RETURN}", failure.status
                ) from None
            raise

    def _looked_at(self, script: Script, path: str) -> HookScript:
        try:
            return hook_script.look_at(self._files, path)
        except FileNotFoundError:
            raise _Failure(
                "ScriptMissing",
                f"Script does not exist at specified location: {path}; correct its location in "
                "appspec.yml or add it to the revision",
            ) from None
        except OSError as error:
            raise _Failure(
                "ScriptNotExecutable",
                f"Unable to set script at specified location: {script.location} as executable "
                f"({error})",
            ) from error

    def _reject_unstartable(self, script: Script, path: str, found: HookScript) -> None:
        """Fail where the kernel would not start the script, as Ruby's `popen3` does.

        With `runas` a shell is between them, which says so itself and ends with status 126 or 127.
        """
        where = _where(script)
        if len(path.split()) > 1:
            raise _Failure(
                "ScriptFailed",
                f"{where} failed with error Errno::ENOENT with message No such file or directory - "
                f"{path.split(maxsplit=1)[0]} (the agent takes what follows a space in the path for "
                "arguments; rename the script)",
            )
        if not found.is_file:
            raise _Failure(
                "ScriptFailed",
                f"{where} failed with error Errno::EACCES with message Permission denied - {path} "
                "(it is a directory)",
            )
        interpreter = found.interpreter
        if script.runas is None and interpreter and not found.interpreter_exists:
            raise _Failure(
                "ScriptFailed",
                f"{where} failed with error Errno::ENOENT with message No such file or directory - "
                f"{path} (its interpreter {interpreter!r} does not exist on the instance)"
                + (_CARRIAGE_RETURN if interpreter.endswith("\r") else ""),
            )

    def _command(
        self, script: Script, path: str, event: Event, found: HookScript, log: ScriptLog
    ) -> tuple[Sequence[str], Mapping[str, str], User]:
        # sudo resets the environment, so the agent's variables are lost behind it.
        variables = {} if script.sudo else event.variables
        environment = {**self._environment(), **variables}
        if script.runas is None:
            shebang = found.first_line.startswith("#!")
            return [path] if shebang else [_SHELL, "-c", _EXECUTE, path], environment, ROOT
        # `su USER -c SCRIPT`, which runs the user's shell; without a name it is root's.
        name = script.runas or "root"
        try:
            shell = self._accounts.shell(name)
        except AccountError as error:
            log.append(
                f"[stderr]su: user {name} does not exist or the user entry does not contain all the "
                "required fields\n"
            )
            raise _Failure(
                "ScriptFailed", f"{_where(script)} failed with exit code 1: {error}", 1
            ) from error
        environment |= {"HOME": self._accounts.home(name), "SHELL": shell}
        if name != "root":
            environment |= {"USER": name, "LOGNAME": name}
        return [shell, "-c", path], environment, self._accounts.user(name)

    def _execute(
        self,
        script: Script,
        command: tuple[Sequence[str], Mapping[str, str], User],
        log: ScriptLog,
        limit: float,
    ) -> None:
        argv, environment, user = command
        with Output(log, self._log.with_name("script")) as output:
            try:
                process = self._processes.spawn(
                    Command(
                        argv=argv,
                        group=AGENT,
                        environment=environment,
                        directory=_WORKING_DIRECTORY,
                        log=output.path("stdout"),
                        user=user,
                        errors=output.path("stderr"),
                    )
                )
            except MachineError as error:
                raise _Failure(
                    "ScriptFailed",
                    f"{_where(script)} failed with error {type(error).__name__} with message {error}",
                ) from error
            output.read()
            try:
                status = process.wait(max(limit - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                end(process, _GRACE_SECONDS)
                output.drain()
                raise _Failure(
                    "ScriptTimedOut",
                    f"Script at specified location: {script.location} failed to complete in "
                    f"{script.timeout} seconds",
                ) from None
            stream = output.left_open(limit, lambda: self._processes.powered)
            if stream:
                raise _Failure(
                    "UnknownError",
                    f"Script at specified location: {script.location} failed to close "
                    f"{stream.upper()}: a process that it left in the background still writes "
                    "there; start services with systemctl or redirect their output",
                    status,
                )
        if status != 0:
            raise _Failure(
                "ScriptFailed", f"{_where(script)} failed with exit code {status}", status
            )


_CARRIAGE_RETURN: Final = (
    ". Its first line ends with CR LF, so that CR belongs to the interpreter's name or argument: "
    "save the script with LF line ends (`sed -i 's/\\r$//'`, and `*.sh text eol=lf` in "
    ".gitattributes)"
)


def _where(script: Script) -> str:
    user = f" run as user {script.runas}" if script.runas is not None else ""
    return f"Script at specified location: {script.location}{user}"


class _Pages:
    """Brings lines into a log of the machine, many at a time."""

    def __init__(self, files: RootFileSystem, path: str) -> None:
        self._files = files
        self._path = path
        self._pending: list[str] = []
        self._size = 0

    def add(self, line: str) -> None:
        self._pending.append(line)
        self._size += len(line)
        if self._size >= _FLUSH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        text, self._pending, self._size = "".join(self._pending), [], 0
        if text:
            self._files.make_directories(self._path.rpartition("/")[0])
            with self._files.appending(self._path) as path, path.open("ab") as file:
                file.write(text.encode(errors="surrogateescape"))
