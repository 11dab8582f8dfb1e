"""runc's command line: containers are created, entered and deleted by it.

Its own state is in a short private directory of the region, so that two regions never meet and a
later start finds what a killed one left.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from region.machines.container.oci import Bundle, User, configuration, process
from region.machines.container.process import AdoptedProcess, adopting_orphans
from region.machines.errors import ContainerError
from region.runtime_directories import runtime_directory
from region.takeover.followed import FollowedProcess
from toolchain import locate
from toolchain.errors import ToolError

_TIMEOUT_SECONDS: Final = 60.0
_KILLED_SECONDS: Final = 5.0
"""How long the kernel may take to end a process that was killed."""
# Until it is told on its standard input the process waits, so that it can be put into its control
# group before it runs a line of its own. It enters its directory by itself: were runc told to, a link
# there could lead it along a descriptor of the host that it has not closed yet (CVE-2024-21626).
_GATE: Final = 'read -r _ || exit; {prepare}cd -- "$0" || exit 200; exec "$@" </dev/null'


class Runtime:
    """The containers of one region. Thread-safe: every call is a process of its own."""

    def __init__(self, root: Path) -> None:
        """Manage the containers of the region in `root`."""
        self._root = root

    @property
    def state(self) -> Path:
        """The directory with runc's state."""
        return runtime_directory(self._root) / "runc"

    def create(self, name: str, bundle: Bundle, directory: Path, log: Path) -> int:
        """Create a container that waits to be started and return its first process's id.

        `directory` is where the bundle is written; what runc prints, and later the container's
        first process, goes to `log`.

        Raises:
            ContainerError: If runc fails.
        """
        (directory / "config.json").write_text(json.dumps(configuration(bundle)))
        pid_file = directory / "init.pid"
        arguments = ["create", "--bundle", str(directory), "--pid-file", str(pid_file), name]
        with log.open("ab") as output, adopting_orphans:
            self._run(arguments, streams=(output.fileno(), output.fileno()))
        return int(pid_file.read_text())

    def start(self, name: str) -> None:
        """Let the first process of a created container run."""
        self._run(["start", name])

    def execute(
        self,
        name: str,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        directory: str,
        user: User,
        log: Path,
        gate: int,
        errors: Path | None = None,
    ) -> AdoptedProcess:
        """Start a process in a running container.

        It runs `argv` as soon as a line is written to the other end of the pipe `gate`, a file
        descriptor. Standard output and error are appended to `log`. If it cannot enter `directory`
        it ends with status 200, as a service of systemd does.

        Raises:
            ContainerError: If the container does not run.
        """
        # runc adds the HOME of the user; a service of systemd without User= has none.
        gated = _GATE.format(prepare="" if "HOME" in environment else "unset HOME; ")
        specification = process(["/bin/sh", "-c", gated, directory, *argv], environment, user=user)
        with tempfile.TemporaryDirectory(prefix="exec-", dir=self.state.parent) as temporary:
            pid_file, file = Path(temporary, "pid"), Path(temporary, "process.json")
            file.write_text(json.dumps(specification))
            arguments = ["exec", "--detach", "--pid-file", str(pid_file), "--process", str(file)]
            with log.open("ab") as output, (errors or log).open("ab") as second:
                streams = (output.fileno(), second.fileno())
                with adopting_orphans:
                    self._run([*arguments, name], streams=streams, gate=gate)
            return AdoptedProcess(int(pid_file.read_text()))

    def exec_command(
        self,
        instance_id: str,
        argv: Sequence[str],
        *,
        tty: bool,
        user: str = "root",
        groups: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Return the host's command line that runs `argv` in an instance, for an interactive use.

        `user` is a user id, or a pair of user and group id as "1000:1000"; `groups` are its
        further groups.
        """
        variables = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        terminal = ["--tty"] if tty else []
        who = [] if user in ("root", "0") else [f"--user={user}"]
        further = [f"--additional-gids={group}" for group in groups]
        return [
            *self._command(), "exec", *terminal, *who, *further, *variables, instance_id, *argv
        ]  # fmt: skip

    def pid(self, name: str) -> int:
        """Return the process id of a container's first process.

        Raises:
            ContainerError: If there is no such container.
        """
        try:
            return int(
                json.loads((self.state / name / "state.json").read_text())["init_process_pid"]
            )
        except (OSError, ValueError, KeyError) as error:
            raise ContainerError(f"Container {name} does not run: {error}.") from error

    def alive(self, name: str) -> bool:
        """Return whether a container's first process runs; with it ends everything in it."""
        return self.first_process(name) is not None

    def first_process(self, name: str) -> FollowedProcess | None:
        """Return a container's first process, whichever region started it; None if it has ended."""
        try:
            state = json.loads((self.state / name / "state.json").read_text())
            return FollowedProcess(state["init_process_pid"], state["init_process_start"])
        except (OSError, ValueError, KeyError):
            return None

    def delete(self, name: str) -> None:
        """Kill everything in a container and remove it; one that does not exist is ignored."""
        if (self.state / name).exists():
            self._run(["delete", "--force", name])

    def forget(self, name: str) -> None:
        """Remove what runc knows of a container in whose control groups nothing is left.

        `runc delete` would do the same, but waits until whoever inherited them has reaped the processes
        that a dead region has started, which not every container's PID 1 does. Nothing else lasts.
        """
        shutil.rmtree(self.state / name, ignore_errors=True)

    def names(self) -> list[str]:
        """List the containers that exist."""
        if not self.state.is_dir():
            return []
        return sorted(path.name for path in self.state.iterdir() if path.is_dir())

    def _command(self) -> list[str]:
        try:
            program = locate.runc()
        except ToolError as error:
            raise ContainerError(str(error)) from error
        return [str(program), "--root", str(self.state)]

    def _run(
        self,
        arguments: Sequence[str],
        *,
        streams: tuple[int, int] = (subprocess.DEVNULL, subprocess.DEVNULL),
        gate: int = subprocess.DEVNULL,
    ) -> None:
        with tempfile.NamedTemporaryFile(prefix="runc-", dir=self.state.parent) as log:
            # With the region dies what it has begun: nothing appears behind the next one's back.
            bound = ["setpriv", "--pdeathsig", "KILL", "--"]
            command = [
                *bound,
                *self._command(),
                "--log",
                log.name,
                "--log-format",
                "json",
                *arguments,
            ]
            try:
                done = subprocess.run(
                    command,
                    stdin=gate,
                    stdout=streams[0],
                    stderr=streams[1],
                    timeout=_TIMEOUT_SECONDS,
                    check=False,
                    env={"PATH": os.defpath},
                    cwd="/",
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise ContainerError(f"runc {arguments[0]} did not run: {error}.") from error
            if done.returncode != 0:
                reason = _reason(Path(log.name).read_text(errors="replace"))
                raise ContainerError(f"runc {arguments[0]} failed: {reason}.")

    def end_commands(self) -> None:
        """Kill what a dead region still runs of these commands, and wait until they are gone.

        Each dies with its region, but not if that died before the command had asked for it.
        """
        state = str(self.state)
        mine = [
            one for one in psutil.process_iter(["cmdline"]) if state in (one.info["cmdline"] or [])
        ]
        for one in mine:
            with contextlib.suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(mine, timeout=_KILLED_SECONDS)

    def remove_state(self) -> None:
        """Remove runc's directory, once no container is left."""
        shutil.rmtree(self.state, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.state.parent.rmdir()


def _reason(log: str) -> str:
    """Return the last error in runc's log of JSON lines."""
    messages: list[str] = []
    for line in log.splitlines():
        with contextlib.suppress(ValueError, KeyError):
            messages.append(str(json.loads(line)["msg"]))
    return messages[-1].rstrip(".") if messages else "it gave no reason"
