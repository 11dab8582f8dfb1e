"""One load balancer as one HAProxy process.

The process runs in the region's network, where its targets are; it listens on the host's loopback
device, on sockets that the region has opened and keeps open. Targets come and go through HAProxy's
runtime API. The process is replaced only when listeners, target groups or health checks change; the
new one listens on the same sockets, so no connection is refused, and the old one ends when its
requests are answered.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from region.daemons import RECORD_SUFFIX, Daemon, DaemonError, spawn
from region.ports import PortError, listen
from region.services.elbv2.haproxy import config
from region.services.elbv2.haproxy.model import (
    LoadBalancer,
    LoadBalancerError,
    Target,
    TargetStatus,
)
from region.services.elbv2.haproxy.runtime_api import RuntimeApi
from region.services.elbv2.haproxy.servers import ServerPool
from toolchain import locate
from toolchain.errors import ToolError

log = logging.getLogger(__name__)

DIRECTORY = "balancers"
"""Directory below a region's root in which load balancers keep their files."""

START_TIMEOUT = 10.0
LONGEST_SOCKET_PATH = 100


class HAProxy:
    """A running load balancer. Safe to use from several threads."""

    def __init__(self, spec: LoadBalancer, directory: Path, runtime: Path) -> None:
        """Prepare; nothing starts yet.

        `directory` keeps configuration, log and process record; `runtime` is a short, private
        directory for the stats socket (`region.daemons.runtime_directory`).
        """
        self.spec = spec
        self._directory = directory
        self._runtime = runtime
        self._generation = 0
        self._lock = threading.RLock()
        self._process: Daemon | None = None
        self._predecessors: list[Daemon] = []
        self._pool = ServerPool(spec.target_groups, spec.route)
        self._sockets: dict[int, socket.socket] = {}

    def start(self) -> None:
        """Start HAProxy and return when it accepts connections.

        Raises:
            LoadBalancerError: If a port is taken or HAProxy does not start.
        """
        with self._lock:
            if self.running():
                return
            self._directory.mkdir(parents=True, exist_ok=True)
            self._close_sockets()
            self._sockets = _open(self.spec, {})
            self._pool.forget_health()
            self._replace(self.spec)

    def running(self) -> bool:
        """Return whether the HAProxy process is alive."""
        return self._process is not None and self._process.running()

    def configure(self, spec: LoadBalancer) -> None:
        """Apply other listeners, target groups or health checks without refusing a request."""
        with self._lock:
            if spec == self.spec:
                return
            kept = self._sockets if spec.address == self.spec.address else {}
            old, old_sockets = self._pool, self._sockets
            self._sockets = _open(spec, kept)
            self._pool = old.for_groups(spec.target_groups, spec.route)
            try:
                self._replace(spec)
            except LoadBalancerError:
                _close(self._sockets, but=old_sockets)
                self._pool, self._sockets = old, old_sockets
                raise
            _close(old_sockets, but=self._sockets)
            self.spec = spec

    def set_targets(self, group: str, targets: Iterable[Target]) -> None:
        """Make `targets` the registered targets of `group`.

        New ones receive requests after their first successful health check; missing ones drain.
        """
        with self._lock:
            self._pool.register(self._api(), group, list(targets))

    def poll(self) -> dict[str, dict[str, TargetStatus]]:
        """Advance first checks and draining, and return the status of every target.

        Keys: target group name, target id. Draining targets are included until they are gone.
        """
        with self._lock:
            for predecessor in [p for p in self._predecessors if not p.running()]:
                predecessor.stop()
                self._predecessors.remove(predecessor)
            return self._pool.advance(self._api(), time.monotonic())

    def close(self) -> None:
        """Stop the process at once and remove its socket."""
        with self._lock:
            for daemon in [*self._predecessors, *([self._process] if self._process else [])]:
                daemon.stop(signal.SIGTERM)
            self._predecessors.clear()
            self._process = None
            self._close_sockets()
            for stale in self._runtime.glob(f"{self._socket_stem()}-*.sock"):
                stale.unlink(missing_ok=True)

    def _close_sockets(self) -> None:
        _close(self._sockets, but={})
        self._sockets = {}

    def _api(self) -> RuntimeApi:
        if not self.running():
            tail = self._process.log_tail() if self._process else "it has not been started"
            raise LoadBalancerError(
                f"HAProxy of load balancer {self.spec.name} is not running: {tail}"
            )
        return RuntimeApi(self._socket(self._generation))

    def _replace(self, spec: LoadBalancer) -> None:
        """Start a process for `spec` and let the running one, if any, finish its requests."""
        predecessor = self._process if self.running() else None
        old_socket = self._socket(self._generation)
        state = self._save_states() if predecessor else None
        generation = self._generation + 1
        files = config.Files(self._socket(generation), self._directory, state)
        config.write_pages(spec, files)
        path = self._directory / "haproxy.cfg"
        descriptors = {port: item.fileno() for port, item in self._sockets.items()}
        path.write_text(config.render(spec, self._pool.configured(), files, descriptors))
        command = [str(_executable()), "-db", "-f", str(path)]
        if predecessor:
            command += ["-sf", str(predecessor.pid)]
        try:
            process = spawn(
                command,
                record=self._directory / f"haproxy-{generation}{RECORD_SUFFIX}",
                log=self._directory / f"haproxy-{generation % 2}.log",
                descriptors=sorted(descriptors.values()),
                through=["nsenter", f"--net={spec.network}", "--"] if spec.network else (),
            )
        except DaemonError as error:
            raise LoadBalancerError(str(error)) from error
        try:
            self._await_ready(process, RuntimeApi(files.socket), spec)
        except LoadBalancerError:
            process.stop(signal.SIGKILL)
            raise
        if predecessor:
            self._predecessors.append(predecessor)
            old_socket.unlink(missing_ok=True)
        self._process = process
        self._generation = generation
        self._pool.restore_phases(RuntimeApi(files.socket), remembered=state is not None)

    def _await_ready(self, process: Daemon, api: RuntimeApi, spec: LoadBalancer) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if not process.running():
                raise LoadBalancerError(explain_failure(process.log_tail(40), spec))
            with contextlib.suppress(LoadBalancerError):
                api.query("show info")
                return
            time.sleep(0.02)
        raise LoadBalancerError(
            f"HAProxy of load balancer {spec.name} was not ready after {START_TIMEOUT:.0f} s: "
            f"{process.log_tail()}"
        )

    def _save_states(self) -> Path | None:
        try:
            text = self._api().query("show servers state")
        except LoadBalancerError:
            log.warning("load balancer %s restarts without its servers' states", self.spec.name)
            return None
        path = self._directory / "server-states"
        path.write_text(text + "\n")
        return path

    def _socket(self, generation: int) -> Path:
        path = self._runtime / f"{self._socket_stem()}-{generation}.sock"
        if len(str(path)) > LONGEST_SOCKET_PATH:
            raise LoadBalancerError(
                f"Socket path {path} is longer than {LONGEST_SOCKET_PATH} characters: "
                "set XDG_RUNTIME_DIR or TMPDIR to a shorter directory."
            )
        return path

    def _socket_stem(self) -> str:
        return f"lb-{self.spec.name[:32]}"


def explain_failure(output: str, spec: LoadBalancer) -> str:
    """Explain in one sentence why HAProxy did not start, from what it wrote to stderr."""
    alerts = [line.partition(" : ")[2] for line in output.splitlines() if "[ALERT]" in line]
    reason = "; ".join(alert for alert in alerts if alert) or output.strip() or "no message"
    return f"HAProxy of load balancer {spec.name} did not start: {reason}"


def _executable() -> Path:
    try:
        return locate.haproxy()
    except ToolError as error:
        raise LoadBalancerError(
            "HAProxy, the region's load balancer, is not installed: run `make setup` or, "
            "on Debian and Ubuntu, `apt-get install haproxy`."
        ) from error


def _open(spec: LoadBalancer, known: Mapping[int, socket.socket]) -> dict[int, socket.socket]:
    """Return a listening socket for each listener; those that are `known` are used again."""
    opened = {port: item for port, item in known.items() if port in _ports(spec)}
    try:
        for port in _ports(spec):
            if port not in opened:
                opened[port] = listen(spec.address, port)
    except PortError as error:
        _close(opened, but=known)
        raise LoadBalancerError(str(error)) from error
    return opened


def _close(sockets: Mapping[int, socket.socket], *, but: Mapping[int, socket.socket]) -> None:
    for item in sockets.values():
        if item not in but.values():
            item.close()


def _ports(spec: LoadBalancer) -> list[int]:
    return [listener.port for listener in spec.listeners]
