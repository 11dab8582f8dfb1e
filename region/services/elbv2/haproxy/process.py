"""One load balancer as one HAProxy process.

The process runs in the region's network, where its targets are; it listens on the host's loopback
device and at its nodes' addresses in the network, on sockets that the region has opened and keeps
open. Targets come and go through HAProxy's
runtime API. The process is replaced only when listeners, target groups or health checks change; the
new one listens on the same sockets, so no connection is refused, and the old one ends when its
requests are answered.

If the region is killed the process goes on. The next region takes it over as it is, with its sockets and
what is known of its targets, and no request notices.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from region.daemons import Daemon, DaemonError, sweep
from region.haproxy_process import HAProxyProcess
from region.services.elbv2.haproxy import config
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.listening import close_all, open_all
from region.services.elbv2.haproxy.model import LoadBalancer, Report, Target
from region.services.elbv2.haproxy.request_log import RequestLog
from region.services.elbv2.haproxy.runtime_api import RuntimeApi, Statistics
from region.services.elbv2.haproxy.servers import Server, ServerPool
from region.takeover import handover
from region.takeover.handover import Place
from toolchain import locate
from toolchain.errors import ToolError

log = logging.getLogger(__name__)

DIRECTORY = "balancers"
"""Directory below a region's root in which load balancers keep their files."""

START_TIMEOUT = 10.0
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class _Known:
    """What has to be known of a running process to take it over.

    Attributes:
        sockets: Its descriptors of the listening sockets.
        log: Its descriptors of the pipe for its log, the reading end first.
        zones: Those whose nodes get new connections.
    """

    spec: LoadBalancer
    generation: int
    sockets: dict[Place, int]
    log: tuple[int, int]
    servers: dict[str, dict[str, Server]]
    shifted: frozenset[str]
    zones: tuple[str, ...]


class HAProxy:
    """A running load balancer. Safe to use from several threads."""

    def __init__(self, spec: LoadBalancer, directory: Path, runtime: Path) -> None:
        """Prepare; nothing starts yet.

        `directory` keeps configuration, log and process record; `runtime` is a short, private
        directory for the stats socket (`region.runtime_directories`).
        """
        self.spec = spec
        self._directory = directory
        self._runtime = runtime
        # HAProxy's configuration and commands take no path with a blank or a quote.
        self._alias = runtime / f"{_stem(spec)}.files"
        self._lock = threading.RLock()
        self._process = HAProxyProcess(directory)
        self._pool = ServerPool(spec, config.Files(Path(), self._alias))
        self._sockets: dict[Place, socket.socket] = {}
        self._numbers: dict[Place, int] = {}
        self._log_numbers = (-1, -1)
        self._kept: _Known | None = None
        self._zones: tuple[str, ...] = tuple(node.zone for node in spec.nodes)
        self._statistics = Statistics((), ())
        self.requests = RequestLog()

    def start(self) -> None:
        """Start HAProxy, or take over what a region that died has left, and return when it serves.

        Raises:
            LoadBalancerError: If a port is taken or HAProxy does not start.
        """
        with self._lock:
            if self.running():
                return
            self._directory.mkdir(parents=True, exist_ok=True)
            self._alias.unlink(missing_ok=True)
            self._alias.symlink_to(self._directory)
            if self._adopt():
                return
            self._close_sockets()
            self._sockets = open_all(self.spec, {})
            self._pool.forget_health()
            self._replace(self.spec)

    def running(self) -> bool:
        """Return whether the HAProxy process is alive."""
        return self._process.running()

    def configure(self, spec: LoadBalancer) -> None:
        """Apply other listeners, target groups or health checks without refusing a request."""
        with self._lock:
            if spec == self.spec:
                return
            old, old_sockets = self._pool, self._sockets
            self._sockets = open_all(spec, old_sockets)
            self._pool = old.for_spec(spec, old.files)
            try:
                self._replace(spec)
            except LoadBalancerError:
                close_all(self._sockets, but=old_sockets)
                self._pool, self._sockets = old, old_sockets
                raise
            close_all(old_sockets, but=self._sockets)
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
            self._process.forget_ended()
            self.requests.read()
            api = self._api()
            self._statistics = api.statistics()
            rows = {(row.backend, row.server): row for row in self._statistics.servers}
            report = self._pool.advance(api, rows, time.monotonic())
            self._keep()
            return report

    def statistics(self) -> Statistics:
        """Return what the last `poll` has read."""
        return self._statistics

    def close(self) -> None:
        """Stop the process at once and remove its socket, for good."""
        with self._lock:
            self._process.stop()
            self._close_sockets()
            self.requests.close()
            self._known_file.unlink(missing_ok=True)
            self._alias.unlink(missing_ok=True)
            for stale in self._runtime.glob(f"{self._socket_stem()}-*.sock"):
                stale.unlink(missing_ok=True)

    def _close_sockets(self) -> None:
        close_all(self._sockets, but={})
        self._sockets = {}

    @property
    def _known_file(self) -> Path:
        return self._directory / "known"

    def _keep(self) -> None:
        """Write down what the next region has to know, unless it is written down already."""
        known = _Known(
            spec=self.spec,
            generation=self._process.generation,
            sockets=self._numbers,
            log=self._log_numbers,
            servers=self._pool.copied(),
            shifted=self._pool.shifted,
            zones=self._zones,
        )
        if known != self._kept and handover.keep(self._known_file, known):
            self._kept = known

    def _adopt(self) -> bool:
        """Take over the process of a region that died; where that fails, end what it has left."""
        known, wanted = handover.kept(self._known_file, _Known), self.spec
        try:
            if known is not None and self._take_over(known):
                return True
        except Exception:
            log.exception("load balancer %s cannot be taken over, and starts anew", wanted.name)
            self._let_go(wanted)
        sweep(self._directory)
        return False

    def _take_over(self, known: _Known) -> bool:
        process = self._process.adopt(known.generation)
        if process is None:
            return False
        wanted = self.spec
        try:
            self._sockets = handover.sockets(process.pid, known.sockets)
            reader, writer = (handover.descriptor(process.pid, number) for number in known.log)
        except OSError as error:
            log.warning("load balancer %s is started anew: %s", wanted.name, error)
            self._process.forget()
            self._close_sockets()
            return False
        self.requests.close()
        self.requests = RequestLog((reader, writer))
        self.spec, self._zones = known.spec, known.zones
        self._numbers, self._log_numbers = known.sockets, known.log
        files = config.Files(self._socket(known.generation), self._alias, None, writer)
        self._pool = ServerPool(known.spec, files, known.servers, known.shifted)
        self._statistics = self._api().statistics()
        if not self._pool.agrees(self._statistics.servers):
            # It was killed between a change and its note: what HAProxy knows of health is kept.
            self._replace(self.spec)
        self.configure(wanted)
        log.info("load balancer %s goes on (process %d)", wanted.name, process.pid)
        return True

    def _let_go(self, spec: LoadBalancer) -> None:
        """Forget what was taken over; `sweep` ends it."""
        self._process.forget()
        self.spec = spec
        self._close_sockets()
        self._pool = ServerPool(spec, config.Files(Path(), self._alias))
        self._zones = tuple(node.zone for node in spec.nodes)

    def _api(self) -> RuntimeApi:
        if not self.running():
            process = self._process.current
            tail = process.log_tail() if process else "it has not been started"
            raise LoadBalancerError(
                f"HAProxy of load balancer {self.spec.name} is not running: {tail}"
            )
        return RuntimeApi(self._socket(self._process.generation))

    def _replace(self, spec: LoadBalancer) -> None:
        """Start a process for `spec` and let the running one, if any, finish its requests."""
        old_socket = self._socket(self._process.generation)
        state = self._save_states() if self.running() else None
        log_descriptor = self.requests.descriptor
        files = config.Files(
            self._socket(self._process.next_generation), self._alias, state, log_descriptor
        )
        self._pool.files = files
        zones = [zone for zone in self._zones if zone in {node.zone for node in spec.nodes}]
        config.write_files(spec, files, self._pool.bound(), zones)
        self._zones = tuple(zones) or tuple(node.zone for node in spec.nodes)
        path = self._directory / "haproxy.cfg"
        descriptors = {place: item.fileno() for place, item in self._sockets.items()}
        path.write_text(config.render(spec, self._pool.configured(), files, descriptors))
        try:
            replaced = self._process.replace(
                [str(_executable()), "-db", "-f", str(path)],
                [*descriptors.values(), log_descriptor, self.requests.reader],
                Path(spec.network) if spec.network else None,
                lambda process: self._await_ready(process, RuntimeApi(files.socket), spec),
            )
        except DaemonError as error:
            raise LoadBalancerError(str(error)) from error
        if replaced:
            old_socket.unlink(missing_ok=True)
        self._numbers, self._log_numbers = descriptors, (self.requests.reader, log_descriptor)
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
        path = self._alias / "server-states"
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
        return _stem(self.spec)


def _stem(spec: LoadBalancer) -> str:
    return f"lb-{spec.name[:32]}"


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
