"""Starting and stopping the region as a process of its own."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TextIO

from typing_extensions import override

from commandline import disk
from commandline.errors import ERROR_PREFIX, UserError
from region import private, session
from toolchain import locate, paths

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
TELL_EVERY_S = 2.0
_ERRORS = "HAPROOF_START_ERRORS"
"""Names the descriptor in memory that a region writes its errors to until it is ready."""
_MEMORY = "errors-of-the-start"
_NO_SPACE_BYTES = 4096


class BackgroundError(UserError):
    """The region did not start or did not stop; the message says why, with the log's last lines."""


class _Copied(io.TextIOBase):
    """Standard error that is also written to memory, until `settle`; a full disk does not end it."""

    def __init__(self, stream: TextIO, descriptor: int) -> None:
        self.stream = stream
        self.descriptor: int | None = descriptor

    @override
    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):
            self.stream.write(text)
            self.stream.flush()
        if self.descriptor is not None:
            os.write(self.descriptor, text.encode(errors="backslashreplace"))
        return len(text)

    @override
    def writable(self) -> bool:
        return True


def keep_errors() -> None:
    """In the process of a region: let `launch` know what it says, even where its log cannot."""
    # It stays in the environment until then: without root, the command is executed twice.
    descriptor = os.environ.get(_ERRORS, "")
    with contextlib.suppress(OSError):
        if descriptor.isdecimal() and _MEMORY in os.readlink(f"/proc/self/fd/{descriptor}"):  # noqa: PTH115 - not a path of this system
            sys.stderr = _Copied(sys.stderr, int(descriptor))


def settle() -> None:
    """In the process of a region that is ready: leave what it says to its log alone."""
    os.environ.pop(_ERRORS, None)
    if isinstance(sys.stderr, _Copied) and sys.stderr.descriptor is not None:
        os.close(sys.stderr.descriptor)
        sys.stderr.descriptor = None


def log_file(root: Path) -> Path:
    """Return the log file of the region's process."""
    return root / "log" / "serve.log"


def launch(root: Path, arguments: list[str]) -> session.Session:
    """Start `python -m region serve` detached from this terminal and wait until it is ready.

    Raises:
        BackgroundError: it ended, or was not ready in time; it is not left running.
        DiskError: the disk of `root` stalls.
    """
    log = log_file(root)
    private.root(root)
    private.directory(log.parent)
    disk.require_answering(root)
    # What the region says until it is ready, kept in memory: a log may be on a disk that is full.
    errors = os.memfd_create(_MEMORY)
    environment = {
        **os.environ,
        "PATH": locate.search_path(),
        "PYTHONUNBUFFERED": "1",
        _ERRORS: str(errors),
    }
    with log.open("wb") as sink, os.fdopen(errors, "r+b") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "region", "serve", "--root", str(root), *arguments],
            cwd=paths.ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(errors,),
        )
        return _ready(root, process, said)


def _ready(root: Path, process: subprocess.Popen[bytes], said: BinaryIO) -> session.Session:
    """Wait until the region is ready.

    Raises:
        BackgroundError: it ended, or was not ready in time; it is not left running.
    """
    log = log_file(root)
    deadline = time.monotonic() + START_TIMEOUT_S
    try:
        with contextlib.suppress(ProcessLookupError):
            session.announce(root, process.pid)
        while time.monotonic() < deadline:
            found = session.running(root)
            if found is not None and found.pid == process.pid:
                return found
            if process.poll() is not None:
                raise BackgroundError(_cause(root, said))
            time.sleep(0.05)
        raise BackgroundError(f"the region was not ready within {START_TIMEOUT_S:.0f} s; see {log}")
    except BaseException:
        _end(process)
        raise


def _cause(root: Path, said: BinaryIO) -> str:
    """Return why the region ended, without the frames of a traceback."""
    log = log_file(root)
    said.seek(0)
    text = said.read().decode(errors="replace")
    cause = _last_lines(text if text.strip() else log.read_text(errors="replace"), log)
    if os.strerror(errno.ENOSPC) in cause or shutil.disk_usage(root).free < _NO_SPACE_BYTES:
        cause += (
            f"\nThe file system of {root} is full: make room there, or choose another directory with "
            "--root."
        )
    return cause


def _last_lines(text: str, log: Path) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
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


def stop(found: session.Session, tell: Callable[[str], None] = lambda _: None) -> None:
    """Ask the region to end and wait until it has; `tell` gets a line every few seconds.

    Raises:
        BackgroundError: it did not end within STOP_TIMEOUT_S and was killed.
    """
    os.kill(found.pid, signal.SIGTERM)
    begin = time.monotonic()
    deadline, due = begin + STOP_TIMEOUT_S, begin + TELL_EVERY_S
    while found.alive():
        if time.monotonic() >= due:
            due += TELL_EVERY_S
            tell(
                f"  still ending services, instances and databases: {time.monotonic() - begin:.0f} s "
                f"of at most {STOP_TIMEOUT_S:.0f} s"
            )
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
