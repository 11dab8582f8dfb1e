"""A load generator as a child process: how it is started, watched and stopped."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

from commandline.steady_clock import SteadyClock
from loadtest.errors import GeneratorError
from loadtest.runs.recording import Usage

KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "USER")
"""All that a generator inherits. Deliberately not: cloud credentials, HTTP(S)_PROXY (the load goes
straight to its target, and Artillery supports no exceptions), NODE_OPTIONS and DEBUG (which change what
is measured), and the variables by which tools report to their makers' clouds."""

STARTER = "HAPROOF_STARTER"
"""The id of the process that starts a generator, which ends once it has another parent: that one is gone.
When it looks for the first time, that may already be so."""
STOP_GRACE_S = 3.0
LAST_LINES = 12
COMPLAINT = "haproof: "
"""Prefix of the line with which a recorder says that it cannot continue."""
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return what a generator's process gets: what it may inherit, and `extra`."""
    inherited = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**inherited, **extra}


def answer(
    command: Sequence[str],
    variables: Mapping[str, str],
    *,
    title: str,
    remedy: str,
    timeout_s: float = 60,
) -> str:
    """Return what a generator prints and ends, such as its version; it gets `timeout_s` for that.

    Raises:
        GeneratorError: It does not run; the message ends with the `remedy`.
    """
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=True,
            env=environment(variables),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise GeneratorError(f"{title} at {command[0]} does not run ({error}); {remedy}") from error
    return done.stdout


class GeneratorProcess:
    """One run of a generator, in a process group of its own."""

    @property
    def script_errors(self) -> Mapping[str, int]:
        """How the script itself failed users, and how many, as far as the process prints that."""
        return {}

    def take(self, raw: bytes) -> bool:
        """Take a line of what it prints as a record; False if it is none and belongs into the log."""
        del raw
        return False

    def __init__(
        self,
        command: Sequence[str],
        directory: Path,
        variables: Mapping[str, str],
        *,
        log: str,
        title: str,
        remedy: str = "run `make setup`",
        current: Path | None = None,
    ) -> None:
        """Start it for the run in `directory`, where `log` gets what it prints.

        `current` is its current directory, if that is another one.

        Raises:
            GeneratorError: It cannot be started; the message ends with the `remedy`.
        """
        self._clock = SteadyClock()
        try:
            self._process = subprocess.Popen(
                command,
                cwd=current or directory,
                env=environment({**variables, STARTER: str(os.getpid())}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C reaches only us, so that what was measured is saved.
                start_new_session=True,
            )
        except OSError as error:
            raise GeneratorError(f"cannot start {title} ({error}); {remedy}") from error
        self._tree = psutil.Process(self._process.pid)
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._complaint: str | None = None
        self._reader = threading.Thread(
            target=self._read_output,
            args=(self._process.stdout, directory / log),
            daemon=True,
        )
        self._reader.start()

    def _read_output(self, output: Iterable[bytes], path: Path) -> None:
        """Log what it prints; keep the last lines so that the error survives a full disk."""
        with contextlib.ExitStack() as stack:
            log = None
            with contextlib.suppress(OSError):
                log = stack.enter_context(path.open("wb", buffering=0))
            for raw in output:
                if self.take(raw):
                    continue
                line = ANSI.sub("", raw.decode("utf-8", "replace")).rstrip()
                if line.startswith(COMPLAINT):
                    self.complain(line.removeprefix(COMPLAINT))
                elif line:
                    self._last_lines.append(line)
                with contextlib.suppress(OSError):
                    if log is not None:
                        log.write(raw)

    def complain(self, text: str) -> None:
        """Note why the recording cannot continue; the first reason stays."""
        self._complaint = self._complaint or text

    @property
    def pids(self) -> tuple[int]:
        """The id of its first process."""
        return (self.pid,)

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
        return Usage(self._clock.ms(), cpu, int(rss))

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
        """Format the end of what it printed, for an error message."""
        return "\n".join(f"  {line}" for line in self._last_lines) or "  (it printed nothing)"
