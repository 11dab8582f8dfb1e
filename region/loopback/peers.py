"""Which user of this computer owns the other end of a loopback connection.

The kernel is asked by netlink (sock_diag(7)), which finds one connection in microseconds however many
there are; where it was built without that, /proc/net/tcp is read.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_CONNECTION = struct.Struct("!HH4s12x4s12x")
_ANY = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
"""Any interface, any cookie."""
_ALL_STATES = 0xFFFFFFFF
_UID = struct.Struct("=I")
_UID_OFFSET = _HEADER.size + 4 + 48 + 12
"""After family, state, timer, retransmits, the connection, and three counters."""

Address = tuple[str, int]


def admitted() -> frozenset[int]:
    """Return the users who may command a region of this process: its own and root."""
    return frozenset({0, os.geteuid()})


def owner(client: Address, server: Address) -> int | None:
    """Return the id of the user whose process opened the connection from `client` to `server`.

    Both are IPv4 addresses with ports. None if there is no such connection on this computer.
    """
    try:
        return _ask_kernel(client, server)
    except OSError:
        return _read_table(client, server)


def _ask_kernel(client: Address, server: Address) -> int | None:
    body = (
        _REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
        + _CONNECTION.pack(
            client[1], server[1], socket.inet_aton(client[0]), socket.inet_aton(server[0])
        )
        + _ANY
    )
    size = _HEADER.size + len(body)
    header = _HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(1.0)
        kernel.send(header + body)
        answer = kernel.recv(4096)
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind != _SOCK_DIAG_BY_FAMILY:
        (code,) = struct.unpack_from("=i", answer, _HEADER.size)
        if -code in {2, 113}:  # ENOENT, EHOSTUNREACH: no such connection
            return None
        raise OSError(-code, os.strerror(-code))
    return _UID.unpack_from(answer, _UID_OFFSET)[0]


def _read_table(client: Address, server: Address) -> int | None:
    wanted = (hexadecimal(client), hexadecimal(server))
    for name in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, remote, _, _, _, _, uid, *_ = line.split()
            # An IPv6 socket with IPv4 ends shows them after a prefix.
            if local.endswith(wanted[0]) and remote.endswith(wanted[1]):
                return int(uid)
    return None


def hexadecimal(address: Address) -> str:
    """Return an IPv4 address and a port as /proc/net/tcp has them."""
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"
