"""Artillery as a child process: how it is started, watched and stopped."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtest.errors import GeneratorError
from loadtest.runs import paths
from loadtest.runs.recording import Usage
from loadtest.scenario import script

KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "USER")
"""All that Artillery inherits. Deliberately not: cloud credentials, HTTP(S)_PROXY (the load goes
straight to its target, and Artillery supports no exceptions), NODE_OPTIONS and DEBUG (which change what
is measured), and Artillery Cloud's own variables."""
RECORDER = Path(__file__).with_name(script.RECORDER)
REPORTER = Path(__file__).with_name("reporter.cjs")

STOP_GRACE_S = 3.0
LAST_LINES = 12
COMPLAINT = "haproof: "
"""Prefix of the line with which the recorder says that it cannot continue."""
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Installation:
    """An installed Artillery and what it runs on."""

    command: tuple[str, ...]
    artillery: str
    node: str
    cpus: int

    @property
    def workers(self) -> int:
        """Number of worker threads that Artillery starts: one CPU is left to its main thread."""
        return max(1, self.cpus - 1)


def inspect(command: Sequence[str]) -> Installation:
    """Read Artillery's version, and its Node's version and CPUs. `command` is [node, script].

    Raises:
        GeneratorError: It does not run.
    """
    node, script = command[0], Path(command[-1])
    try:
        package = json.loads((script.parent.parent / "package.json").read_text(encoding="utf-8"))
        answer = subprocess.run(
            [node, "-p", "JSON.stringify([process.version, os.cpus().length])"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=_environment({}),
        )
        version, cpus = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GeneratorError(
            f"Artillery at {script} does not run ({error}); run `make setup`"
        ) from error
    return Installation(
        tuple(command), str(package.get("version")), str(version).lstrip("v"), int(cpus)
    )


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # Telemetry is the only call home that `artillery run` makes by itself; Artillery Cloud needs
    # --record or a WORKER_ID.
    return {**inherited, "ARTILLERY_DISABLE_TELEMETRY": "1", "NO_COLOR": "1", **extra}


class Generator:
    """One `artillery run`, in a process group of its own."""

    def __init__(
        self,
        installation: Installation,
        directory: Path,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start it on the script in `directory`, where it also leaves its log and report.

        `variables` are added to its environment.
        """
        extra = {
            **(variables or {}),
            "HAPROOF_REQUESTS_FILE": str((directory / paths.REQUESTS).resolve()) + ".gz",
            "HAPROOF_GENERATOR_FILE": str((directory / paths.GENERATOR).resolve()),
            "CUSTOM_REPORTERS": str(REPORTER),
        }
        arguments = ["run", "--quiet", "--output", paths.ARTILLERY_REPORT, paths.SCRIPT]
        try:
            self._process = subprocess.Popen(
                [*installation.command, *arguments],
                cwd=directory,
                env=_environment(extra),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches only us, so that what was measured is saved.
                start_new_session=True,
            )
        except OSError as error:
            raise GeneratorError(f"cannot start Artillery ({error}); run `make setup`") from error
        self._tree = psutil.Process(self._process.pid)
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._complaint: str | None = None
        self._reader = threading.Thread(
            target=self._read_output,
            args=(self._process.stdout, directory / paths.ARTILLERY_LOG),
            daemon=True,
        )
        self._reader.start()

    def _read_output(self, output: Iterable[bytes], path: Path) -> None:
        """Log what Artillery prints; keep the last lines so that the error survives a full disk."""
        with contextlib.ExitStack() as stack:
            log = None
            with contextlib.suppress(OSError):
                log = stack.enter_context(path.open("wb", buffering=0))
            for raw in output:
                line = ANSI.sub("", raw.decode("utf-8", "replace")).rstrip()
                if line.startswith(COMPLAINT):
                    self._complaint = self._complaint or line.removeprefix(COMPLAINT)
                elif line:
                    self._last_lines.append(line)
                with contextlib.suppress(OSError):
                    if log is not None:
                        log.write(raw)

    @property
    def pid(self) -> int:
        """The process id, which is also that of the group."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return its exit status; None while it runs."""
        return self._process.poll()

    @property
    def complaint(self) -> str | None:
        """Why the recorder cannot continue; None while it can."""
        return self._complaint

    def usage(self) -> Usage | None:
        """Measure CPU time and memory of the process and its children; None once it has ended."""
        try:
            processes = [self._tree, *self._tree.children(recursive=True)]
            cpu = rss = 0.0
            for process in processes:
                with process.oneshot():
                    times = process.cpu_times()
                    cpu += times.user + times.system
                    rss += process.memory_info().rss
        except psutil.Error:
            return None
        return Usage(time.time() * 1000, cpu, int(rss))

    def stop(self) -> None:
        """Stop the whole group, first by SIGINT, then by SIGKILL, and wait for it. Idempotent."""
        for number, grace in ((signal.SIGINT, STOP_GRACE_S), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        self._process.wait()
        self._reader.join(STOP_GRACE_S)

    def last_lines(self) -> str:
        """Format the end of what Artillery printed, for an error message."""
        return "\n".join(f"  {line}" for line in self._last_lines) or "  (it printed nothing)"
