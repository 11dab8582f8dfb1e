"""The internet gateway: public addresses of instances, as a HAProxy process that forwards TCP.

A public address of the region is a loopback address of the host: the user's shell is the internet. The
process, which runs in the region's network, has listening sockets of the host there, on the ports that
an instance's security groups open to the internet.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from region.daemons import Daemon, DaemonError, sweep
from region.haproxy_process import HAProxyProcess
from region.loopback.ports import PortError, listen
from region.network.firewall import GATEWAY
from region.services.elbv2.haproxy.config import connection_limit
from region.takeover import handover
from toolchain import locate
from toolchain.errors import ToolError

log = logging.getLogger(__name__)

DIRECTORY: Final = "internet-gateway"
_START_TIMEOUT_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, order=True)
class Forwarding:
    """One public port: connections to `public` on `port` reach `private` on the same port."""

    public: str
    port: int
    private: str


@dataclass(frozen=True)
class _Known:
    """What has to be known of a running process to take it over: its descriptors, by what they serve."""

    generation: int
    sockets: dict[Forwarding, int]


class InternetGateway:
    """Forwards to the instances of one region. Used by one thread.

    If the region is killed it goes on, and the next region takes it over.
    """

    def __init__(self, root: Path, runtime: Path, network: Path) -> None:
        """Keep files in `root`, the control socket in `runtime`; `network` is the namespace's file."""
        self._directory = root / DIRECTORY
        self._runtime = runtime
        self._network = network
        self._process = HAProxyProcess(self._directory)
        self._serving: frozenset[Forwarding] = frozenset()
        self._retry_at = 0.0
        self._sockets: dict[Forwarding, socket.socket] = {}
        self._asked = False

    def serve(self, wanted: Iterable[Forwarding]) -> None:
        """Forward exactly these; connections that exist stay.

        Raises:
            DaemonError: If HAProxy does not start; it is tried again after some seconds.
        """
        wanted = frozenset(wanted)
        if not self._asked:
            self._asked = True
            if not self._take_over():
                sweep(self._directory)
        self._process.forget_ended()
        unchanged = wanted == self._serving and (not wanted or self._process.running())
        if unchanged or time.monotonic() < self._retry_at:
            return
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        usable = self._listen(wanted)
        if usable:
            self._replace(usable)
        else:
            self.close()
        self._serving = usable
        if usable == wanted:
            self._retry_at = 0.0

    def _take_over(self) -> bool:
        """Take over what a region that died has left; return False if there is nothing of use."""
        known = handover.kept(self._known_file, _Known)
        if known is None:
            return False
        process = self._process.adopt(known.generation)
        if process is None:
            return False
        numbers = {(item.public, item.port): number for item, number in known.sockets.items()}
        try:
            found = handover.sockets(process.pid, numbers)
        except OSError as error:
            log.warning("the internet gateway is started anew: %s", error)
            self._process.forget()
            return False
        self._sockets = {item: found[item.public, item.port] for item in known.sockets}
        self._serving = frozenset(known.sockets)
        return True

    @property
    def _known_file(self) -> Path:
        return self._directory / "known"

    def _listen(self, wanted: frozenset[Forwarding]) -> frozenset[Forwarding]:
        """Listen for exactly these, as far as their ports are free; return those that are served."""
        for item in self._sockets.keys() - wanted:
            self._sockets.pop(item).close()
        for item in wanted - self._sockets.keys():
            try:
                self._sockets[item] = listen(item.public, item.port)
            except PortError as error:
                log.warning("%s cannot be served: %s", item.public, error)
        return frozenset(self._sockets)

    def close(self) -> None:
        """Stop forwarding at once."""
        self._process.stop()
        self._known_file.unlink(missing_ok=True)
        self._serving = frozenset()
        self._listen(frozenset())

    def _replace(self, forwardings: frozenset[Forwarding]) -> None:
        try:
            program = locate.haproxy()
        except ToolError as error:
            raise DaemonError(str(error)) from error
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / "haproxy.cfg"
        previous = self._control(self._process.generation)
        control = self._control(self._process.next_generation)
        control.unlink(missing_ok=True)
        descriptors = {item: self._sockets[item].fileno() for item in forwardings}
        path.write_text(configuration(descriptors, control))
        if self._process.replace(
            [str(program), "-db", "-f", str(path)],
            descriptors.values(),
            self._network,
            lambda process: _await_ready(process, control),
        ):
            previous.unlink(missing_ok=True)
        handover.keep(self._known_file, _Known(self._process.generation, descriptors))

    def _control(self, generation: int) -> Path:
        return self._runtime / f"igw-{generation}.sock"


def _await_ready(process: Daemon, control: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    # HAProxy moves the socket to its name when it listens everywhere.
    while not control.exists():
        if not process.running() or time.monotonic() > deadline:
            raise DaemonError(f"The internet gateway did not start: {process.log_tail()}")
        time.sleep(0.02)


def configuration(descriptors: Mapping[Forwarding, int], control: Path) -> str:
    """Return the configuration of HAProxy that forwards from these open sockets."""
    lines = [
        "global",
        f"    maxconn {connection_limit()}",
        "    noreuseport",
        f"    stats socket {control} mode 600 level admin",
        "    hard-stop-after 60s",
        "defaults",
        "    mode tcp",
        "    timeout connect 10s",
        "    timeout client 1h",
        "    timeout server 1h",
        # A visitor who has left is not connected any more, as without a proxy in between.
        "    option abortonclose",
    ]
    for item in sorted(descriptors):
        lines += [
            f"listen {item.public}-{item.port}",
            f"    bind fd@{descriptors[item]}",
            f"    server instance {item.private}:{item.port} source {GATEWAY}",
        ]
    return "\n".join(lines) + "\n"
