"""The sockets that a load balancer listens on: opened by the region, used by HAProxy."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from region.loopback.ports import PortError, listen
from region.network.errors import NetworkError
from region.network.namespace import Namespace
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import LoadBalancer
from region.takeover.handover import Place


def open_all(
    spec: LoadBalancer, known: Mapping[Place, socket.socket]
) -> dict[Place, socket.socket]:
    """Return a listening socket for each place; those that are `known` are used again.

    Raises:
        LoadBalancerError: If one cannot be opened; no new one is open then.
    """
    places = list(_places(spec))
    opened = {place: item for place, item in known.items() if place in places}
    try:
        for place in places:
            if place not in opened:
                opened[place] = _listen(spec, *place)
    except (PortError, NetworkError) as error:
        close_all(opened, but=known)
        raise LoadBalancerError(str(error)) from error
    return opened


def _listen(spec: LoadBalancer, address: str, port: int) -> socket.socket:
    if address == spec.address:
        return listen(address, port)
    return Namespace(Path(spec.network)).inside(lambda: listen(address, port))


def close_all(
    sockets: Mapping[Place, socket.socket], *, but: Mapping[Place, socket.socket]
) -> None:
    """Close the sockets, apart from those in `but`."""
    for item in sockets.values():
        if item not in but.values():
            item.close()


def _places(spec: LoadBalancer) -> Iterator[Place]:
    """Yield where the load balancer listens: for the host, and at its nodes in the network."""
    for listener in spec.listeners:
        yield spec.address, listener.port
        if spec.network:
            yield from ((node.address, listener.port) for node in spec.nodes)
