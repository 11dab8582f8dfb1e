"""Controller of the network: security groups and network ACLs in force, public addresses served."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from moto.ec2.models import EC2Backend

from region.api.server import ControlPlane
from region.loopback.addresses import loopback_of
from region.network.firewall import Firewall, SecurityGroup
from region.network.internet import admits_internet, internet_ports, opens_wide
from region.services.ec2 import instances as ec2
from region.services.vpc import interfaces
from region.services.vpc.internet_gateway import Forwarding

log = logging.getLogger(__name__)

# A rule for more ports than this means "all": of those, the ones on which the instance listens are served.
_MOST_PORTS: Final = 64


class Network(Protocol):
    """The region's network; region.network has the real one."""

    def apply(self, firewall: Firewall) -> None:
        """Put security groups into force."""
        ...


class Gateway(Protocol):
    """The internet gateway."""

    def serve(self, wanted: Iterable[Forwarding]) -> None:
        """Forward exactly these."""
        ...

    def close(self) -> None:
        """Stop forwarding."""
        ...


class NetworkController:
    """Keeps firewall and internet gateway in line with the control plane."""

    name = "network"

    def __init__(
        self,
        plane: ControlPlane,
        network: Network,
        gateway: Gateway,
        listening: Callable[[str], Iterable[int]] = lambda _: (),
    ) -> None:
        """Work on the security groups and public addresses of `plane`.

        Args:
            plane: The control plane.
            network: Gets the security groups.
            gateway: Gets the public ports.
            listening: Returns the ports on which the instance with that id listens.
        """
        self._plane = plane
        self._listening = listening
        self._network = network
        self._gateway = gateway

    def reconcile(self) -> None:
        """One round."""
        with self._plane.lock:
            backend = self._plane.backend("ec2")
            firewall = interfaces.firewall(
                backend,
                self._plane.backend("elbv2"),
                self._plane.backend("rds"),
            )
            public = _public_addresses(backend)
            databases = interfaces.public_databases(self._plane.backend("rds"))
        self._network.apply(firewall)
        known = {group.id: group for group in firewall.groups}
        forwardings = [
            Forwarding(public_ip, port, private_ip)
            for name, public_ip, private_ip, member_of in public
            for port in self._public_ports(known, member_of, name)
        ]
        forwardings += [
            Forwarding(loopback_of(interface.address), port, interface.address)
            for interface, port in databases
            if admits_internet(known, interface.groups, port)
        ]
        self._gateway.serve(forwardings)

    def _public_ports(
        self, groups: Mapping[str, SecurityGroup], member_of: tuple[str, ...], instance_id: str
    ) -> list[int]:
        named = internet_ports(groups, member_of, _MOST_PORTS)
        if not opens_wide(groups, member_of, _MOST_PORTS):
            # Asking takes the kernel a walk over all connections of this computer, for each instance.
            return named
        admitted = (
            port
            for port in self._listening(instance_id)
            if admits_internet(groups, member_of, port)
        )
        return sorted({*named, *admitted})

    def close(self) -> None:
        """Stop forwarding; the network belongs to the region."""
        self._gateway.close()


def _public_addresses(backend: EC2Backend) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return id, public address, private address and security groups of what has a public address."""
    return [
        (
            str(instance.id),
            ec2.public_ip_of(instance),
            str(instance.private_ip),
            interfaces.groups_of(instance),
        )
        for instance in interfaces.running_instances(backend)
        if ec2.public_ip_of(instance)
    ]
