"""Starting and stopping the region as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from commandline.errors import UserError
from commandline.run import ERROR_PREFIX
from region import private, session
from toolchain import locate, paths

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0


class BackgroundError(UserError):
    """The region did not start or did not stop; the message says why, with the log's last lines."""


def log_file(root: Path) -> Path:
    """Return the log file of the region's process."""
    return root / "log" / "serve.log"


def launch(root: Path, arguments: list[str]) -> session.Session:
    """Start `python -m region serve` detached from this terminal and wait until it is ready.

    Raises:
        BackgroundError: it ended, or was not ready in time; it is not left running.
    """
    log = log_file(root)
    private.directory(log.parent)
    environment = {**os.environ, "PATH": locate.search_path(), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "region", "serve", "--root", str(root), *arguments],
            cwd=paths.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    try:
        while time.monotonic() < deadline:
            found = session.running(root)
            if found is not None and found.pid == process.pid:
                return found
            if process.poll() is not None:
                raise BackgroundError(_last_lines(log))
            time.sleep(0.05)
        raise BackgroundError(f"the region was not ready within {START_TIMEOUT_S:.0f} s; see {log}")
    except BaseException:
        _end(process)
        raise


def _last_lines(log: Path) -> str:
    """Return the error that the region ended with, without the frames of a traceback."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith(ERROR_PREFIX):
            return line.removeprefix(ERROR_PREFIX)
    return "\n".join(lines[-5:]) or f"the region ended without any output; see {log}"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop(found: session.Session) -> None:
    """Ask the region to end and wait until it has.

    Raises:
        BackgroundError: it did not end within STOP_TIMEOUT_S and was killed.
    """
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while found.alive():
        if time.monotonic() > deadline:
            os.kill(found.pid, signal.SIGKILL)
            raise BackgroundError(
                f"the region (process {found.pid}) did not end within {STOP_TIMEOUT_S:.0f} s and "
                "was killed; run `python -m rehearsal stop` again to end what it started"
            )
        # The region may be this process's child: without this it stays as a zombie.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(found.pid, os.WNOHANG)
        time.sleep(0.05)
