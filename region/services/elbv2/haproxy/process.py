"""One load balancer as one HAProxy process.

The process runs in the region's network, where its targets are; it listens on the host's loopback
device and at its nodes' addresses in the network, on sockets that the region has opened and keeps
open. Targets come and go through HAProxy's
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from region.daemons import RECORD_SUFFIX, Daemon, DaemonError, spawn
from region.network.errors import NetworkError
from region.network.namespace import Namespace
from region.ports import PortError, listen
from region.services.elbv2.haproxy import config
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import LoadBalancer, Report, Target
from region.services.elbv2.haproxy.request_log import RequestLog
from region.services.elbv2.haproxy.runtime_api import RuntimeApi, Statistics
from region.services.elbv2.haproxy.servers import ServerPool
from toolchain import locate
from toolchain.errors import ToolError

log = logging.getLogger(__name__)

DIRECTORY = "balancers"
"""Directory below a region's root in which load balancers keep their files."""

START_TIMEOUT = 10.0
LONGEST_SOCKET_PATH = 100

_Place = tuple[str, int]
"""An address and a port."""


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
        self._pool = ServerPool(spec, config.Files(Path(), directory))
        self._sockets: dict[_Place, socket.socket] = {}
        self._zones: tuple[str, ...] = tuple(node.zone for node in spec.nodes)
        self._statistics = Statistics((), ())
        self.requests = RequestLog()

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
            old, old_sockets = self._pool, self._sockets
            self._sockets = _open(spec, old_sockets)
            self._pool = old.for_spec(spec, old.files)
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
            self._pool.register(self._api(), group, list(targets), time.monotonic())

    def set_zones(self, active: Sequence[str], shifted: frozenset[str]) -> None:
        """Send new connections to the nodes of the `active` zones; the others answer no less.

        Healthy targets in the `shifted` zones get no requests.
        """
        with self._lock:
            self._pool.shift(shifted)
            if tuple(active) == self._zones:
                return
            shares = enumerate(config.zone_shares(active))
            path = self._pool.files.zones
            commands = [f"set map {path} {share} {zone}" for share, zone in shares]
            if len(self.spec.nodes) > 1 and self.spec.listeners:
                self._api().execute_all(commands)
            self._zones = tuple(active)

    def poll(self) -> Report:
        """Advance first checks and draining, and return the status of every target.

        Keys: target group name, target id. Draining targets are included until they are gone.
        """
        with self._lock:
            for predecessor in [p for p in self._predecessors if not p.running()]:
                predecessor.stop()
                self._predecessors.remove(predecessor)
            self.requests.read()
            api = self._api()
            self._statistics = api.statistics()
            rows = {(row.backend, row.server): row for row in self._statistics.servers}
            return self._pool.advance(api, rows, time.monotonic())

    def statistics(self) -> Statistics:
        """Return what the last `poll` has read."""
        return self._statistics

    def close(self) -> None:
        """Stop the process at once and remove its socket, for good."""
        with self._lock:
            for daemon in [*self._predecessors, *([self._process] if self._process else [])]:
                daemon.stop(signal.SIGTERM)
            self._predecessors.clear()
            self._process = None
            self._close_sockets()
            self.requests.close()
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
        log_descriptor = self.requests.descriptor
        files = config.Files(self._socket(generation), self._directory, state, log_descriptor)
        self._pool.files = files
        zones = [zone for zone in self._zones if zone in {node.zone for node in spec.nodes}]
        config.write_files(spec, files, self._pool.bound(), zones)
        self._zones = tuple(zones) or tuple(node.zone for node in spec.nodes)
        path = self._directory / "haproxy.cfg"
        descriptors = {place: item.fileno() for place, item in self._sockets.items()}
        path.write_text(config.render(spec, self._pool.configured(), files, descriptors))
        command = [str(_executable()), "-db", "-f", str(path)]
        if predecessor:
            command += ["-sf", str(predecessor.pid)]
        try:
            process = spawn(
                command,
                record=self._directory / f"haproxy-{generation}{RECORD_SUFFIX}",
                log=self._directory / f"haproxy-{generation % 2}.log",
                descriptors=sorted([*descriptors.values(), log_descriptor]),
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
        self._pool.restore(RuntimeApi(files.socket), remembered=state is not None)

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


def _open(spec: LoadBalancer, known: Mapping[_Place, socket.socket]) -> dict[_Place, socket.socket]:
    """Return a listening socket for each place; those that are `known` are used again."""
    places = list(_places(spec))
    opened = {place: item for place, item in known.items() if place in places}
    try:
        for place in places:
            if place not in opened:
                opened[place] = _listen(spec, *place)
    except (PortError, NetworkError) as error:
        _close(opened, but=known)
        raise LoadBalancerError(str(error)) from error
    return opened


def _listen(spec: LoadBalancer, address: str, port: int) -> socket.socket:
    if address == spec.address:
        return listen(address, port)
    return Namespace(Path(spec.network)).inside(lambda: listen(address, port))


def _close(sockets: Mapping[_Place, socket.socket], *, but: Mapping[_Place, socket.socket]) -> None:
    for item in sockets.values():
        if item not in but.values():
            item.close()


def _places(spec: LoadBalancer) -> Iterator[_Place]:
    """Yield where the load balancer listens: for the host, and at its nodes in the network."""
    for listener in spec.listeners:
        yield spec.address, listener.port
        if spec.network:
            yield from ((node.address, listener.port) for node in spec.nodes)
