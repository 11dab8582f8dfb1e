"""Background processes that must not outlive the region.

Every process started here is bound to this one in three ways: the kernel ends it when this process
dies (PR_SET_PDEATHSIG, set by `setpriv`), a record next to its files names it so that a later start
of the region can end what is left (`sweep`), and `Daemon.stop` ends it in an orderly way.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from commandline.errors import UserError
from region.identity import region_id

RECORD_SUFFIX = ".process.json"
LONGEST_SOCKET_DIRECTORY = 80

# PR_SET_PDEATHSIG fires when the *thread* that started the process ends, not the process. All
# starts therefore happen on one thread that lives as long as the interpreter.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

_started: list[Daemon] = []
"""What `spawn` started in this process and may still run."""


class DaemonError(UserError):
    """A background process could not be started; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What distinguishes a process from a later one with the same number.

    `started` is the start time in clock ticks since boot (field 22 of /proc/PID/stat) and `boot`
    the kernel's boot id: unlike wall-clock times, neither ever shifts.
    """

    pid: int
    started: int
    boot: str
    executable: str

    def alive(self) -> bool:
        """Return whether exactly this process still runs (a zombie does not)."""
        try:
            if (_start_ticks(self.pid), _boot_id()) != (self.started, self.boot):
                return False
            process = psutil.Process(self.pid)
            running = {self.executable, shutil.which("setpriv") or ""}
            return process.status() != psutil.STATUS_ZOMBIE and process.exe() in running
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return False


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The unprivileged user a daemon runs as, when this process is root.

    `may_search` grants CAP_DAC_READ_SEARCH, so that the daemon reaches its files below a directory
    that only root may enter (a clone in root's home).
    """

    uid: int
    gid: int
    may_search: bool = False

    def options(self) -> list[str]:
        """Return the options with which `setpriv` switches to this user."""
        switch = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if self.may_search:
            switch += [
                "--inh-caps=-all,+dac_read_search",
                "--ambient-caps=+dac_read_search",
                "--bounding-set=-all,+dac_read_search",
            ]
        return switch


@dataclass(slots=True)
class Daemon:
    """One running background process."""

    process: subprocess.Popen[bytes]
    record: Path
    log: Path
    name: str = field(default="process")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def running(self) -> bool:
        """Return whether it has not ended yet."""
        return self.process.poll() is None

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines it wrote to its log."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, order: signal.Signals = signal.SIGTERM, timeout: float = 10.0) -> None:
        """Ask it to end with the signal `order`; after `timeout` seconds kill it and its children."""
        if self.running():
            self.process.send_signal(order)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                _kill_tree(self.pid)
                self.process.wait(timeout)
        self.record.unlink(missing_ok=True)


def spawn(
    command: Sequence[str],
    *,
    record: Path,
    log: Path,
    death_signal: str = "KILL",
    user: ServiceUser | None = None,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
    through: Sequence[str] = (),
) -> Daemon:
    """Start `command` so that it does not outlive this process.

    Args:
        command: the first item is an absolute path.
        record: written so that `sweep` finds the process; ends in RECORD_SUFFIX.
        log: file for its output, which is emptied first.
        death_signal: what the kernel sends it when this process dies.
        user: the user to run it as; this process's own by default.
        environment: its environment; this process's own by default.
        descriptors: open files that it gets under the same numbers.
        through: a command that replaces itself by `command`, such as `nsenter`.

    Raises:
        DaemonError: `setpriv` is missing.
    """
    wrapped = bound_command([*through, *command], death_signal=death_signal, user=user)
    log.parent.mkdir(parents=True, exist_ok=True)
    record.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = _SPAWNER.submit(
            subprocess.Popen,
            wrapped,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
            cwd="/",
            pass_fds=tuple(descriptors),
        ).result()
    daemon = Daemon(process, record, log, Path(command[0]).name)
    _write_record(record, process.pid, str(Path(command[0]).resolve()))
    _started.append(daemon)
    return daemon


def running() -> list[Daemon]:
    """Return the processes that `spawn` started in this process and that have not ended."""
    for ended in [one for one in _started if one.process.returncode is not None]:
        _started.remove(ended)
    return list(_started)


def bound_command(
    command: Sequence[str], *, death_signal: str = "KILL", user: ServiceUser | None = None
) -> list[str]:
    """Return the command line that runs `command` through `setpriv`, see `spawn`."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DaemonError(
            "setpriv is not on PATH, so processes could outlive the region: "
            "install it (Debian and Ubuntu: apt-get install util-linux)."
        )
    options = user.options() if user else []
    return [setpriv, f"--pdeathsig={death_signal}", *options, "--", *command]


def sweep(directory: Path) -> list[str]:
    """End every recorded process below `directory` that still runs, and return a line for each.

    Records are checked against the process's start time and executable, so a process that merely
    got the same number is left alone.
    """
    ended: list[str] = []
    for record in sorted(directory.rglob(f"*{RECORD_SUFFIX}")):
        identity = _read_record(record)
        if identity is not None and identity.alive():
            _kill_tree(identity.pid)
            ended.append(f"{Path(identity.executable).name} (process {identity.pid})")
        record.unlink(missing_ok=True)
    return ended


def runtime_directory(root: Path) -> Path:
    """Create a short directory for the sockets of the region in `root`, private to this user.

    Unix socket paths are limited to 107 bytes, a region's root is not.

    Raises:
        DaemonError: somebody else owns the directory.
    """
    path = _runtime_path(root)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    if not private or found.st_uid != os.geteuid():
        raise DaemonError(
            f"{path} is not a private directory of this user: remove it and start again."
        )
    return path


def remove_runtime_directory(root: Path) -> None:
    """Remove what `runtime_directory` created for `root`."""
    _remove_own(_runtime_path(root))


def shared_directory(root: Path) -> Path:
    """Create a directory of the region in `root` that all users may read and only this one write.

    Raises:
        DaemonError: somebody else owns the directory or may write to it.
    """
    path = shared_path(root)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        path.chmod(0o755)  # whatever the umask is
    found = path.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise DaemonError(
            f"{path} is not a directory that only this user may write to: remove it and start again."
        )
    return path


def remove_shared_directory(root: Path) -> None:
    """Remove what `shared_directory` created for `root`."""
    _remove_own(shared_path(root))


def _remove_own(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.lstat().st_uid == os.geteuid():
            shutil.rmtree(path, ignore_errors=True)


def shared_path(root: Path) -> Path:
    """Return where `shared_directory` creates the directory for `root`."""
    return Path(tempfile.gettempdir()) / f"{_runtime_name(root)}-shared"


def _runtime_name(root: Path) -> str:
    return f"haproof-{os.geteuid()}-{region_id(root)}"


def _runtime_path(root: Path) -> Path:
    name = _runtime_name(root)
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        usable = base and Path(base).is_dir() and os.access(base, os.W_OK)
        if usable and len(base) + len(name) < LONGEST_SOCKET_DIRECTORY:
            return Path(base) / name
    return Path("/tmp") / name  # noqa: S108  # private by owner and mode, see runtime_directory


def _write_record(record: Path, pid: int, executable: str) -> None:
    try:
        content = {
            "pid": pid,
            "started": _start_ticks(pid),
            "boot": _boot_id(),
            "executable": executable,
        }
    except (OSError, ValueError, IndexError):
        return  # it has ended already; there is nothing to find later
    temporary = record.with_name(record.name + ".new")
    temporary.write_text(json.dumps(content))
    temporary.replace(record)


def _read_record(record: Path) -> Identity | None:
    try:
        content = json.loads(record.read_text())
        return Identity(
            int(content["pid"]),
            int(content["started"]),
            str(content["boot"]),
            str(content["executable"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _start_ticks(pid: int) -> int:
    text = Path(f"/proc/{pid}/stat").read_text()
    return int(text.rpartition(")")[2].split()[19])


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _kill_tree(pid: int) -> None:
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=5)
