"""Whether a port of a loopback address can be bound, and the remedy if not."""

from __future__ import annotations

import errno
import socket

from region.loopback import neighbors
from region.options import command


class PortError(RuntimeError):
    """A port cannot be bound; the message names address, port and the remedy."""


def listen(address: str, port: int, backlog: int = 1024) -> socket.socket:
    """Return a TCP socket that listens on `address`:`port`.

    Raises:
        PortError: it cannot.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # As servers do: lingering connections of an ended process do not count as "in use".
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
        listening.listen(backlog)
    except OSError as error:
        listening.close()
        raise PortError(explain_bind(address, port, error.errno or 0)) from error
    return listening


def explain_bind(address: str, port: int, code: int) -> str:
    """Return one sentence for the errno `code` of a failed bind."""
    if code == errno.EADDRINUSE:
        if root := neighbors.region_at(address, port):
            return (
                f"Port {port} of {address} is used by the local region in {root}: stop that one "
                f"({command('stop', root)}), or choose another port, or another CIDR block for the "
                "VPC (of this project: haproof:listenerPort, haproof:vpcCidr)."
            )
        return (
            f"Port {port} of {address} is in use: end the process that holds it "
            f"(`ss -ltnp 'sport = :{port}'` names it) or choose another port."
        )
    if code == errno.EACCES:
        return (
            f"Port {port} of {address} may not be bound by this user: choose a port of 1024 or "
            f"higher, or run `sysctl net.ipv4.ip_unprivileged_port_start={port}` as root."
        )
    if code == errno.EADDRNOTAVAIL:
        return f"{address} is not an address of this machine: use one in 127.0.0.0/8."
    return f"Port {port} of {address} cannot be bound (error {code}): choose another port."
