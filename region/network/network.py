"""The network of one region."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from region.network import links, namespace, traffic
from region.network.errors import NetworkError, NetworkUnavailable
from region.network.firewall import Firewall
from region.network.namespace import Namespace
from region.threads import Result
from toolchain import locate
from toolchain.abandoned import NAMESPACES


class RegionNetwork:
    """A network namespace with the region's instances on cables and its services at addresses.

    Nothing leads out of it: it has no interface but the instances' cables. What the host wants to
    reach inside, it reaches through sockets that were made inside (`listen`, HAProxy's option
    `namespace`).

    Methods may be called from any thread.
    """

    def __init__(self, root: Path) -> None:
        """Name the network of the region whose state is in the directory `root`; creates nothing."""
        self.name = namespace.name_of(root)
        self.path = NAMESPACES / self.name
        self._namespace = Namespace(self.path)
        self._lock = threading.Lock()
        self._applied = ""
        self._unplugged: set[str] = set()
        self._root = root
        self._cut = root / "cut-cables.json"

    def start(self, *, adopt: bool = False) -> None:
        """Create the network, in place of one that a dead region left.

        Until the first `apply` instances reach the metadata service, the APIs and nothing else.

        Args:
            adopt: Take over what a dead region left, if it is there: cables and firewall stay in force.

        Raises:
            NetworkUnavailable: the host does not allow it; the message names the remedy.
        """
        namespace.require_host()
        if adopt and _is_namespace(self.path):
            self._unplugged = _cut_in(self._cut)
            return
        self.stop()
        namespace.create(self.name)
        try:
            links.prepare(self._namespace)
            links.mark(self._namespace, self._root.resolve())
            self._nft(links.rules(()))
        except NetworkError as error:
            self.stop()
            raise NetworkUnavailable(_explained(error)) from error
        self.apply(Firewall())

    def stop(self) -> None:
        """Remove the network with all cables; idempotent. Listeners are closed by who opened them."""
        with self._lock:
            self._applied = ""
            self._unplugged.clear()
        self._cut.unlink(missing_ok=True)
        if _is_namespace(self.path):
            links.remove_all(self._namespace)
        namespace.delete(self.name)

    def traffic(self) -> dict[str, traffic.Traffic]:
        """Return what passed through each cable; `traffic.of_instance` finds an instance's."""
        return traffic.read(self._namespace)

    def listen(self, address: str, port: int, backlog: int = 128) -> socket.socket:
        """Return a TCP listener at an address of the network, for any thread of this process.

        Raises:
            NetworkError: the address is not there (`add_address`), or the port is taken.
        """

        def bind() -> socket.socket:
            return socket.create_server((address, port), backlog=backlog)

        try:
            return self.inside(bind)
        except OSError as error:
            raise NetworkError(
                f"nothing can listen at {address}:{port} in the region's network "
                f"({error.strerror}): add the address first, and listen there only once."
            ) from error

    def inside(self, work: Callable[[], Result]) -> Result:
        """Call `work` in the network: sockets that it makes stay there. Its errors come through."""
        return self._namespace.inside(work)

    def add_address(self, address: str) -> None:
        """Add the address of a load balancer's node or a database; idempotent."""
        links.batch(self._namespace, [f"address replace {address}/32 dev lo"])

    def remove_address(self, address: str) -> None:
        """Remove an address that `add_address` added; idempotent."""
        links.batch(self._namespace, [f"address delete {address}/32 dev lo"], force=True)

    def attach(self, instance_id: str, pid: int, address: str, subnet: str) -> None:
        """Give an instance its network, before its first program runs.

        Args:
            instance_id: The instance; if it has a cable already, that one is replaced.
            pid: A process in the instance's own network namespace.
            address: Its private address.
            subnet: The CIDR block of its subnet. The first address is its default gateway.

        Raises:
            NetworkError: the process has ended or has no network namespace of its own.
        """
        links.attach(self._namespace, instance_id, pid, address, subnet)

    def detach(self, instance_id: str) -> None:
        """Remove an instance's cable; idempotent. The kernel does so when the instance ends."""
        links.detach(self._namespace, instance_id)

    def set_link(self, instance_id: str, *, up: bool) -> None:
        """Cut an instance's cable, or reconnect it. It stays cut when the instance reboots.

        While it is cut, packets are lost, also those of connections that exist. Only what the
        computer under the instance provides still answers: metadata, and commands like systemctl.
        """
        with self._lock:
            changed = self._unplugged - {instance_id} if up else self._unplugged | {instance_id}
            if changed != self._unplugged:
                self._nft(links.rules(changed))
                self._unplugged = changed
                with contextlib.suppress(OSError):  # on a full disk the next region mends them
                    self._cut.write_text(json.dumps(sorted(changed)))

    def apply(self, firewall: Firewall) -> None:
        """Put security groups into force, all at once. Connections that exist stay, as in EC2.

        Raises:
            FirewallError: they cannot be turned into rules; the earlier ones stay in force.
        """
        rules = firewall.render()
        with self._lock:
            if rules != self._applied:
                self._nft(rules)
                self._applied = rules

    def _nft(self, rules: str) -> None:
        self._namespace.run([str(locate.nft()), "-f", "-"], rules)


def _cut_in(file: Path) -> set[str]:
    try:
        return set(json.loads(file.read_text()))
    except (OSError, ValueError):
        return set()


def leftovers(root: Path) -> list[str]:
    """Return what the network of the region with state in `root` has left on this host, or has now."""
    name = namespace.name_of(root)
    path = NAMESPACES / name
    if not os.path.lexists(path):
        return []
    found = links.cables(Namespace(path)) if _is_namespace(path) else []
    return [f"network namespace {path}", *(f"interface {cable} in {name}" for cable in found)]


def _is_namespace(path: Path) -> bool:
    """Return whether `path` stands for a namespace: a crash can leave the file without it."""
    return path.exists() and path.stat().st_dev == Path("/proc/self/ns/net").stat().st_dev


def _explained(error: NetworkError) -> str:
    text = str(error)
    if "nft" in text:
        return (
            f"{text}\nThe kernel does not accept nftables' rules: load its modules "
            "(`sudo modprobe -a nf_tables nft_ct nft_fib_ipv4 nft_reject_ipv4 nf_conntrack`)."
        )
    return text
