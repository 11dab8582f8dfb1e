"""A PostgreSQL cluster from the binaries of the wheel, as an RDS DB instance offers one.

It has two processes: the server, which listens on an abstract Unix socket, and the TLS proxy in front
of it, which listens on the endpoint, inside the region's network.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from region import daemons
from region.daemons import (
    RECORD_SUFFIX,
    Daemon,
    DaemonError,
    ServiceUser,
    adopt,
    bound_command,
    spawn,
)
from region.network.errors import NetworkError
from region.runtime_directories import DirectoryError
from region.services.rds.postgres import backup, programs, tls_proxy
from region.services.rds.postgres.certificate import self_signed
from region.services.rds.postgres.errors import DatabaseError
from region.services.rds.postgres.installed import binaries_of
from region.services.rds.postgres.master_user import MasterUser
from region.services.rds.postgres.service_user import ServiceUserError, service_user
from region.services.rds.postgres.settings import (
    SOCKET_NUMBER,
    ClusterSpec,
    SettingsError,
    pg_hba_conf,
    postgresql_conf,
)

log = logging.getLogger(__name__)

DIRECTORY = "databases"
"""The directory of the clusters' data below a region's root."""

_UNENCRYPTED = "unencrypted-connections"
"""A file that is there while connections without TLS are accepted."""

START_TIMEOUT = 60.0
INITDB_TIMEOUT = 120.0
STOP_TIMEOUT = 20.0


class Network(Protocol):
    """The region's network; region.network has the real one."""

    def add_address(self, address: str) -> None:
        """Add the address of an endpoint."""
        ...

    def remove_address(self, address: str) -> None:
        """Remove it again."""
        ...

    def listen(self, address: str, port: int) -> socket.socket:
        """Return a listening TCP socket inside the network."""
        ...


class Cluster:
    """A PostgreSQL cluster in `directory`. Its methods block: use one thread per cluster."""

    def __init__(self, spec: ClusterSpec, directory: Path, network: Network) -> None:
        """Prepare; nothing is written or started before `create` and `start`.

        What a region that was killed has left running in `directory` is taken over.
        """
        self._network = network
        self.spec = spec
        self.directory = directory.resolve()
        self._master = MasterUser(spec, self._socket_directory())
        self._server = adopt(self._record("postgres"), self._log("postgres"))
        self._proxy = adopt(self._record("tls-proxy"), self._log("tls-proxy"))

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    def exists(self) -> bool:
        """Return whether `create` has succeeded before."""
        return (self.data / "PG_VERSION").exists()

    def running(self) -> bool:
        """Return whether server and TLS proxy run."""
        return all(part is not None and part.running() for part in (self._server, self._proxy))

    def processes(self) -> list[int]:
        """Return the ids of its running processes: server and TLS proxy."""
        parts = (self._server, self._proxy)
        return [part.pid for part in parts if part is not None and part.running()]

    def create(self, password: str) -> None:
        """Create the data directory (initdb) with `password` for the master user.

        Raises:
            DatabaseError: If that fails.
        """
        binaries = binaries_of(self.spec.major)
        self.directory.mkdir(parents=True, exist_ok=True)
        user, binaries = self._user(binaries)
        partial = self.directory / "data.new"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        password_file = self.directory / "initial-password"
        try:
            _write_private(password_file, f"{password}\n".encode())
            self._hand_over(user, partial, password_file)
            self._initdb(binaries, partial, password_file, user)
        finally:
            password_file.unlink(missing_ok=True)
        partial.rename(self.data)

    def start(self) -> None:
        """Start the server and return when it accepts connections.

        Raises:
            DatabaseError: If it does not start, with the server's own message.
        """
        if self.running():
            return
        try:
            if self._server is None or not self._server.running():
                self._start_server()
            if self._proxy is None or not self._proxy.running():
                self._start_proxy()
        except (NetworkError, SettingsError, DaemonError) as error:
            self.stop()
            raise DatabaseError(f"Database {self.spec.name} cannot start: {error}") from error
        except DatabaseError:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down fast: running transactions are rolled back, data is written."""
        if self._proxy is not None:
            self._proxy.stop()
            self._network.remove_address(self.spec.address)
        if self._server is not None:
            self._server.stop(signal.SIGINT, STOP_TIMEOUT)
        self._proxy = self._server = None

    def crash(self) -> None:
        """End the server and all connections at once, as a failing host does."""
        if self._proxy is not None:
            self._proxy.stop(signal.SIGKILL)
            self._network.remove_address(self.spec.address)
        if self._server is not None:
            # An immediate shutdown: the next start recovers from the write-ahead log.
            self._server.stop(signal.SIGQUIT, STOP_TIMEOUT)
        self._proxy = self._server = None

    def reload(self, spec: ClusterSpec) -> None:
        """Put the parameters of `spec` into force that need no restart."""
        self.spec = spec
        user, _ = self._user(binaries_of(spec.major))
        self._configure(user)
        if self._server is not None and self._server.running():
            os.kill(self._server.pid, signal.SIGHUP)

    def back_up(self, target: Path, password: str | None) -> None:
        """Copy the data to the directory `target`; a running server goes on meanwhile.

        Raises:
            DatabaseError: If that fails; nothing is left then.
        """
        partial = target.with_name(f"{target.name}.new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            if self._server is not None and self._server.running() and password is not None:
                with self._master.backup(password) as begun:
                    backup.copy(self.data, partial, backup.WITHOUT_LOG)
                backup.finish(self.data, partial, begun)
            else:
                backup.copy(self.data, partial)
        except (OSError, DatabaseError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise DatabaseError(f"Database {self.spec.name} cannot be copied: {error}") from error
        partial.rename(target)

    def restore(self, source: Path) -> None:
        """Create the data directory from a copy that `back_up` made.

        Raises:
            DatabaseError: If that fails.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        partial = self.directory / "data.new"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            backup.copy(source, partial)
            partial.chmod(0o700)
        except OSError as error:
            raise DatabaseError(f"Database {self.spec.name} cannot be restored: {error}") from error
        partial.rename(self.data)

    def destroy(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ensure_database(self, name: str, password: str) -> None:
        """Create database `name`, owned by the master user, unless it exists."""
        self._master.ensure_database(name, password)

    def set_password(self, old: str, new: str) -> None:
        """Change the master user's password."""
        self._master.set_password(old, new)

    def accepts(self, password: str) -> bool:
        """Return whether the master user can log in with `password`."""
        return self._master.accepts(password)

    def _record(self, name: str) -> Path:
        return self.directory / f"{name}{RECORD_SUFFIX}"

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    def _socket_directory(self) -> str:
        """Return the name of an abstract socket: no shared directory, and no file is left behind."""
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return f"@haproof-{digest}"

    def _start_server(self) -> None:
        binaries = binaries_of(self.spec.major)
        user, binaries = self._user(binaries)
        self._configure(user)
        self._remove_stale_lock()
        self._server = spawn(
            [str(binaries / "postgres"), "-D", str(self.data)],
            record=self._record("postgres"),
            log=self._log("postgres"),
            # An immediate shutdown: the server ends its children and frees its shared memory.
            death_signal="QUIT",
            user=user,
            environment=_environment(),
        )
        self._await(self._server, self._server_ready)

    def _start_proxy(self) -> None:
        certificate, key = self.directory / "server.crt", self.directory / "server.key"
        if not key.exists():
            for path, content in zip(
                (certificate, key), self_signed(self.spec.address), strict=True
            ):
                _write_private(path, content)
        self._network.add_address(self.spec.address)
        listening = self._network.listen(self.spec.address, self.spec.port)
        command = [
            *(sys.executable, "-I", tls_proxy.__file__),
            f"--listen-fd={listening.fileno()}",
            f"--server-socket={self._socket_directory()}/.s.PGSQL.{SOCKET_NUMBER}",
            f"--certificate={certificate}",
            f"--key={key}",
            f"--unencrypted={self.directory / _UNENCRYPTED}",
        ]
        with listening:
            self._proxy = spawn(
                command,
                record=self._record("tls-proxy"),
                log=self._log("tls-proxy"),
                environment=_environment(),
                descriptors=[listening.fileno()],
            )
        self._await(self._proxy, self._proxy_ready)

    def _user(self, binaries: Path) -> tuple[ServiceUser | None, Path]:
        """Return the user that runs the cluster, and the programs where that user can access them."""
        try:
            user = service_user(self.data)
            return user, programs.for_user(binaries, user, self.directory.parent)
        except (ServiceUserError, DirectoryError, OSError) as error:
            raise DatabaseError(str(error)) from error

    def _initdb(
        self, binaries: Path, data: Path, password_file: Path, user: ServiceUser | None
    ) -> None:
        command = [
            str(binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={self.spec.master_username}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]
        try:
            done = subprocess.run(
                bound_command(command, user=user),
                capture_output=True,
                text=True,
                timeout=INITDB_TIMEOUT,
                check=False,
                env=_environment(),
                cwd="/",
            )
        except (OSError, subprocess.TimeoutExpired, DaemonError) as error:
            raise DatabaseError(f"Database {self.spec.name} cannot be created: {error}") from error
        if done.returncode != 0:
            raise DatabaseError(
                f"Database {self.spec.name} cannot be created, initdb exited with "
                f"{done.returncode}: {_tail(done.stderr or done.stdout)}"
            )

    def _configure(self, user: ServiceUser | None) -> None:
        for name, content in (
            ("postgresql.conf", postgresql_conf(self.spec, self._socket_directory())),
            ("pg_hba.conf", pg_hba_conf()),
        ):
            _write_private(self.data / name, content.encode())
            self._hand_over(user, self.data / name)
        # The TLS proxy looks for it at each connection.
        unencrypted = self.directory / _UNENCRYPTED
        if self.spec.forces_ssl:
            unencrypted.unlink(missing_ok=True)
        else:
            unencrypted.touch()

    def _hand_over(self, user: ServiceUser | None, *paths: Path) -> None:
        if user is not None:
            for path in paths:
                os.chown(path, user.uid, user.gid)

    def _remove_stale_lock(self) -> None:
        """Remove the lock file of a killed server whose process id now belongs to another program."""
        lock = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            number = int(lock.read_text().splitlines()[0])
            if "postgres" not in Path(f"/proc/{number}/cmdline").read_text():
                lock.unlink()

    def _await(self, process: Daemon, ready: Callable[[Daemon], bool]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not ready(process):
            if not process.running():
                raise DatabaseError(
                    f"Database {self.spec.name} did not start on {self.spec.address}:"
                    f"{self.spec.port}: {_tail(process.log_tail())}"
                )
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"Database {self.spec.name} was not ready after {START_TIMEOUT:.0f} s: "
                    f"{_tail(process.log_tail())}"
                )
            time.sleep(0.02)

    def _server_ready(self, server: Daemon) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]) == server.pid and lines[7].strip() == "ready"
        except (OSError, ValueError, IndexError):
            return False

    def _proxy_ready(self, proxy: Daemon) -> bool:
        return tls_proxy.READY in proxy.log_tail()


def sweep(root: Path) -> list[str]:
    """End the processes that databases of a dead region in `root` left; return a line for each."""
    return daemons.sweep(root / DIRECTORY)


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _tail(text: str, lines: int = 5) -> str:
    kept = [line.strip() for line in text.strip().splitlines()[-lines:]]
    return " | ".join(kept) or "no message"
