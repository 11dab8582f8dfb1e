"""Whether a port of a loopback address can be bound, and what to do if not."""

import errno
import socket


class PortError(RuntimeError):
    """A port cannot be bound; the message names address, port and the remedy."""


def require_free(address: str, port: int) -> None:
    """Raise PortError unless a server could listen on `address`:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of an ended process that linger do not count as "in use".
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError as error:
            raise PortError(explain_bind(address, port, error.errno or 0)) from error


def explain_bind(address: str, port: int, code: int) -> str:
    """One sentence for the errno `code` of a failed bind."""
    if code == errno.EADDRINUSE:
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
        return f"{address} is no address of this machine: use one in 127.0.0.0/8."
    return f"Port {port} of {address} cannot be bound (error {code}): choose another port."
