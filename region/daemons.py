"""Background processes of the region: load balancers, databases.

A record next to its files names every process started here. `Daemon.stop` ends it in an orderly way. If
the region is killed it goes on: the next start of the region takes it over (`adopt`), or ends it
(`sweep`), as `stop` does. Without root nothing could take it over, since the next region has other
namespaces: the kernel ends it when this process dies then (PR_SET_PDEATHSIG, set by `setpriv`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from commandline.errors import UserError
from region.rootless import OF_THE_HOST
from region.takeover.followed import FollowedProcess, boot_id, start_ticks

RECORD_SUFFIX = ".process.json"
_ORDER_SECONDS = 5.0
_NOT_OURS = frozenset({"instances", "data", "data.new"})
"""Disks of instances and files of PostgreSQL: a record in there names no process to end."""

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
    the kernel's boot id: unlike wall-clock times, neither ever shifts. `order` is the signal that ends
    it in an orderly way at once.
    """

    pid: int
    started: int
    boot: str
    executable: str
    order: str = "KILL"

    def alive(self) -> bool:
        """Return whether exactly this process still runs (a zombie does not)."""
        try:
            if (start_ticks(self.pid), boot_id()) != (self.started, self.boot):
                return False
            running = {self.executable, shutil.which("setpriv") or ""}
            return psutil.Process(self.pid).exe() in running
        except (OSError, psutil.Error):
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

    process: subprocess.Popen[bytes] | FollowedProcess
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
    """Start `command` so that it outlives this process, and the next region finds it.

    Args:
        command: the first item is an absolute path.
        record: written so that `adopt` and `sweep` find the process; ends in RECORD_SUFFIX.
        log: file for its output, which is emptied first.
        death_signal: what ends it at once: sent by `sweep`, without root by the kernel when this
            process dies.
        user: the user to run it as; this process's own by default.
        environment: its environment; this process's own by default.
        descriptors: open files that it gets under the same numbers.
        through: a command that replaces itself by `command`, such as `nsenter`.

    Raises:
        DaemonError: `setpriv` is missing, or the record cannot be written.
    """
    whole = [*through, *command]
    if not OF_THE_HOST:
        whole = bound_command(whole, death_signal=death_signal, user=user)
    elif user:
        whole = [_setpriv(), *user.options(), "--", *whole]
    log.parent.mkdir(parents=True, exist_ok=True)
    record.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = _SPAWNER.submit(
            subprocess.Popen,
            whole,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
            cwd="/",
            pass_fds=tuple(descriptors),
        ).result()
    daemon = Daemon(process, record, log, Path(command[0]).name)
    try:
        _write_record(record, process.pid, str(Path(command[0]).resolve()), death_signal)
    except OSError as error:
        # Nobody would find it later.
        daemon.stop(signal.SIGKILL)
        raise DaemonError(
            f"{daemon.name} cannot be recorded in {record}: {error.strerror}"
        ) from error
    _started.append(daemon)
    return daemon


def adopt(record: Path, log: Path) -> Daemon | None:
    """Take over a process that a region which died has started; None if it has ended.

    `record` and `log` are what `spawn` was given.
    """
    identity = _read_record(record)
    if identity is None or not identity.alive():
        return None
    try:
        process = FollowedProcess(identity.pid, identity.started)
    except ProcessLookupError:
        return None
    daemon = Daemon(process, record, log, Path(identity.executable).name)
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
    """Return the command line that runs `command` so that the kernel ends it when this process dies.

    Raises:
        DaemonError: `setpriv` is missing.
    """
    options = user.options() if user else []
    return [_setpriv(), f"--pdeathsig={death_signal}", *options, "--", *command]


def _setpriv() -> str:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DaemonError(
            "setpriv is not on PATH, so processes would have the rights of the region, or outlive it: "
            "install it (Debian and Ubuntu: apt-get install util-linux)."
        )
    return setpriv


def sweep(directory: Path) -> list[str]:
    """End every recorded process below `directory` that still runs, and return a line for each.

    Records are checked against the process's start time and executable, so a process that merely
    got the same number is left alone.
    """
    ended: list[str] = []
    for record in sorted(_records(directory)):
        identity = _read_record(record)
        if identity is not None and identity.alive():
            _order(identity)
            _kill_tree(identity.pid)
            ended.append(f"{Path(identity.executable).name} (process {identity.pid})")
        record.unlink(missing_ok=True)
    return ended


def sweep_network(namespace: Path, root: Path) -> list[str]:
    """End what a region whose records are gone with its directory has left, and return a line for each.

    That is what runs in its network, the file `namespace`, with files below its directory `root`.
    """
    ended: list[str] = []
    for process in psutil.process_iter(["cmdline", "name"]):
        words = [Path(word) for word in process.info["cmdline"] or () if word.startswith("/")]
        if any(root in word.parents for word in words):
            with contextlib.suppress(OSError):
                if namespace.samefile(f"/proc/{process.pid}/ns/net"):
                    _kill_tree(process.pid)
                    ended.append(f"{process.info['name']} (process {process.pid})")
    return ended


def _records(directory: Path) -> Iterator[Path]:
    """Yield the records below a directory, apart from what instances and databases write there."""
    for place, names, files in os.walk(directory):
        names[:] = [name for name in names if name not in _NOT_OURS]
        yield from (Path(place, name) for name in files if name.endswith(RECORD_SUFFIX))


def _write_record(record: Path, pid: int, executable: str, order: str) -> None:
    try:
        identity = Identity(pid, start_ticks(pid), boot_id(), executable, order)
    except ProcessLookupError:
        return  # it has ended already; there is nothing to find later
    temporary = record.with_name(record.name + ".new")
    temporary.write_text(json.dumps(asdict(identity)))
    temporary.replace(record)


def _read_record(record: Path) -> Identity | None:
    try:
        content = json.loads(record.read_text())
        return Identity(
            int(content["pid"]),
            int(content["started"]),
            str(content["boot"]),
            str(content["executable"]),
            str(content["order"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _order(identity: Identity) -> None:
    """Ask a process to end and give it some time, unless it is to be killed anyway."""
    if identity.order == "KILL":
        return
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        process = FollowedProcess(identity.pid, identity.started)
        process.send_signal(signal.Signals[f"SIG{identity.order}"])
        process.wait(_ORDER_SECONDS)


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
